// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/stream.hpp"
#include "socketio/out_queue.hpp"
#include "socketio/stats.hpp"
#include "socketio/websocket_frame.hpp"

namespace weir::socketio {

/// What the links of one engine share, and what the last of them keeps alive.
struct LinkContext {
    explicit LinkContext(std::size_t message_max) : message_bytes_max(message_max) {}

    const std::size_t message_bytes_max;
    Stats stats;
    /// Where every link reads to: one buffer for all instead of one each.
    std::array<char, 64 * 1024> scratch;
};

/// One WebSocket on its connection: frames in, shared chunks out.
///
/// Problem: the cost of sending is the system call, so nothing is copied per connection and all
/// that waits goes out in one call, at once when the kernel has room, else when it says so. A
/// connection that waits for something to read holds no buffer.
///
/// Threads:   the io thread.
/// Lifetime:  shared by its owner and its own pending operations; the owner detaches with
///            set_listener(nullptr) before it goes.
/// Reentrancy: send() and flush() never call the listener; failures are told from the event loop.
class WebSocketLink : public std::enable_shared_from_this<WebSocketLink> {
public:
    /// Who gets the messages.
    class Listener {
    public:
        virtual void on_link_message(std::string_view data, bool binary) = 0;
        /// The kernel has taken the last of what it did not take at once.
        virtual void on_link_drained() = 0;
        /// The last call: the connection is gone, or the client broke a rule of RFC 6455 and has
        /// been told with a close frame.
        virtual void on_link_closed(CloseReason reason) = 0;

    protected:
        ~Listener() = default;
    };

    WebSocketLink(net::Stream stream, std::shared_ptr<LinkContext> context);

    void set_listener(Listener* listener) { listener_ = listener; }
    net::Executor executor() { return stream_.executor(); }

    /// Starts reading; `received` came before.
    void start(std::string_view received);

    /// Queues; nothing is written before flush().
    void send(ChunkPtr chunk);
    void send(OutQueue&& queue);

    /// Hands the kernel what it takes. True when nothing is left waiting.
    bool flush();

    std::size_t queued_bytes() const { return queue_.bytes(); }

    /// Says goodbye after what is queued, then lets go. The listener is detached.
    void close(std::optional<websocket::CloseCode> code);

    /// Lets go at once. The listener is detached.
    void abort();

private:
    /// open; closing: our close frame is queued or sent; closed: the socket is, too.
    enum class State { open, closing, closed };

    void await_readable();
    void on_readable();
    void read_events();
    bool on_event(const websocket::Event& event);
    void await_writable();
    void on_writable();
    void fail(CloseReason reason);
    void finish();

    net::Stream stream_;
    websocket::FrameReader reader_;
    const std::shared_ptr<LinkContext> context_;
    Listener* listener_ = nullptr;
    OutQueue queue_;
    State state_ = State::open;
    bool awaiting_writable_ = false;
    std::unique_ptr<net::Timer> close_timer_;
};

}  // namespace weir::socketio
