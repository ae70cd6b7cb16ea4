// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/server.hpp"
#include "net/asio.hpp"
#include "socketio/chunk.hpp"
#include "socketio/engine.hpp"
#include "socketio/out_queue.hpp"
#include "socketio/websocket_link.hpp"

namespace weir::socketio {

class EngineCore;
class UpgradeProbe;

/// One client of an Engine, on whichever transport it is now.
///
/// Problem: messages must keep their order while the transport changes under them, a slow client
/// must not hold memory without limit, and a dead one must be noticed by absolute deadlines.
///
/// Threads:    the io thread.
/// Lifetime:   shared by the engine and whoever works with it; after its end sends do nothing.
/// Reentrancy: send() and flush() call nobody back. close() calls the handler's on_close().
class Session final : public std::enable_shared_from_this<Session>,
                      private WebSocketLink::Listener {
public:
    Session(EngineCore& engine, std::string sid, std::string remote_address);
    ~Session();

    /// The secret that names this session to its client; no other client may see it.
    const std::string& sid() const { return sid_; }
    const std::string& remote_address() const { return remote_address_; }
    Transport transport() const { return link_ ? Transport::websocket : Transport::polling; }
    bool is_open() const { return state_ == State::open; }
    SessionHandler* handler() { return handler_.get(); }

    void send_text(std::string_view message);
    void send_binary(std::string_view message);

    /// Queues packets that others may share. Everything queued in one turn of the event loop goes
    /// out together. Beyond EngineOptions::queue_bytes_max the session ends as too_slow.
    void send(ChunkPtr chunk);

    /// Like send(), without waiting for the end of the turn: flush() follows.
    void queue(ChunkPtr chunk);

    /// Sends now what waits. True when nothing waits any more and a further packet would leave at
    /// once: the moment for volatile packets.
    bool flush();
    /// The same, as send() has planned it.
    void flush_as_planned();

    /// Has the handler told, once, when flush() would be true again. Not at once.
    void await_ready() { ready_awaited_ = true; }

    /// Bytes that wait for this client.
    std::size_t queued_bytes() const;

    /// Ends the session and tells the client: WebSocket by a close frame, long-polling with the
    /// poll that waits or the next one.
    void close(CloseReason reason);

    /// Ends the session in the way after which its client comes back: what waits is sent, then the
    /// connection drops. A polling client is not told by a CLOSE packet: python-socketio takes that
    /// for a farewell and stays away, while every client comes back after a lost connection.
    void hang_up();

private:
    friend class EngineCore;
    friend class UpgradeProbe;
    using Clock = std::chrono::steady_clock;

    /// lingering: over, but the next poll is to be told so. closed: not known any more.
    enum class State { open, lingering, closed };
    enum class Heartbeat { ping_due, pong_due };

    // Long-polling, called by the engine.
    void start_polling(http::Responder responder);
    void on_poll(http::Responder responder);
    void on_post(const http::Request& request, http::Responder responder);
    /// Marks a POST as under way; nothing when one is already, which ends the session.
    std::shared_ptr<void> begin_post();
    bool read_payload(std::string_view body);
    void answer_poll(std::string payload);
    void flush_poll();

    // WebSocket, called by the engine.
    void start_websocket(std::shared_ptr<WebSocketLink> link);
    bool can_upgrade() const;
    void start_upgrade(std::shared_ptr<WebSocketLink> link);

    // Upgrade, called by the probe.
    void on_probed();
    void finish_upgrade(std::shared_ptr<WebSocketLink> link);
    void abandon_upgrade();

    void on_link_message(std::string_view data, bool binary) override;
    void on_link_drained() override;
    void on_link_closed(CloseReason reason) override;
    void tell_ready();

    void send_open_packet(bool can_upgrade);
    /// Counts a message of the client. True when that is one too many in a second.
    bool is_too_fast();
    /// False when the packet ends the session; the caller answers for its transport.
    bool on_packet(const EnginePacket& packet);
    void await_heartbeat(Heartbeat what, Clock::time_point due);
    void on_heartbeat();
    void await_linger();
    /// Ends the session without telling more than the transport's end does.
    void drop(CloseReason reason);
    void end(CloseReason reason);
    void forget();

    EngineCore& engine_;
    const std::string sid_;
    const std::string remote_address_;
    std::unique_ptr<SessionHandler> handler_;
    State state_ = State::open;
    Heartbeat heartbeat_ = Heartbeat::ping_due;
    bool flush_planned_ = false;
    bool too_slow_ = false;
    bool upgrading_ = false;
    bool ready_awaited_ = false;
    Clock::time_point heartbeat_due_{};
    Clock::time_point second_end_{};  ///< of the second in which messages are counted
    std::size_t messages_in_second_ = 0;
    net::Timer timer_;
    OutQueue queue_;  ///< while polling; a link has its own
    std::optional<http::Responder> poll_;
    std::weak_ptr<void> post_;
    std::shared_ptr<WebSocketLink> link_;
    std::unique_ptr<UpgradeProbe> probe_;
};

}  // namespace weir::socketio
