// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/asio.hpp"
#include "socketio/engine.hpp"
#include "socketio/packet.hpp"
#include "socketio/socket.hpp"

namespace weir::socketio {

class ServerCore;
struct Joining;

/// One client with all its namespaces: reads its packets, keeps the protocol's rules, and ends the
/// session when the client breaks one (revision 5, "Packet types" and "Binary").
///
/// Threads:  the io thread.
/// Lifetime: its session's.
class Client : public SessionHandler {
public:
    Client(ServerCore& server, Session& session);
    ~Client() override;

    void on_message(std::string_view data, bool binary) override;
    void on_ready() override;
    void on_close(CloseReason reason) override;

    // For sockets.
    ServerCore& server() { return server_; }
    void leave(Socket& socket, CloseReason reason);
    void close();
    void hang_up();

private:
    /// A packet whose attachments are still to come.
    struct Assembly {
        std::string text;  ///< what `packet` points into
        Packet packet;
        Attachments attachments;
        std::size_t bytes = 0;
    };

    void on_text(std::string_view text);
    void on_binary(std::string_view bytes);
    void on_packet(const Packet& packet, const Attachments& attachments);
    void on_connect(const Packet& packet);
    void enter(Namespace& nsp, const Joining& joining, const std::string& private_id,
               ChunkPtr missed);
    bool knows(std::string_view nsp) const;
    void on_event(const std::shared_ptr<Socket>& socket, const Packet& packet,
                  const Attachments& attachments);
    void on_ack(Socket& socket, const Packet& packet, const Attachments& attachments);
    void refuse(std::string_view nsp, std::string_view message, std::string_view data);
    void break_off();
    void set_deadline(std::chrono::milliseconds from_now, CloseReason reason);
    std::shared_ptr<Socket> find(std::string_view nsp) const;

    ServerCore& server_;
    Session& session_;
    std::vector<std::shared_ptr<Socket>> sockets_;
    int refusals_ = 0;  ///< by handlers of Namespace::on_admit()
    std::vector<Namespace*> returning_;  ///< where it is still to be decided what it has missed
    std::unique_ptr<Assembly> assembly_;
    std::unique_ptr<net::Timer> deadline_;  ///< for a first namespace, then for attachments
};

}  // namespace weir::socketio
