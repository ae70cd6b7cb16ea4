// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <memory>
#include <unordered_set>

#include "http/router.hpp"
#include "http/server.hpp"
#include "net/asio.hpp"
#include "net/tls_server.hpp"

namespace weir::http {

class Connection;

/// What the connections of one server share. Kept alive by its server and by each connection.
///
/// Threads: the io thread, but for listen() before it runs and `stats`.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
public:
    ServerCore(net::asio::io_context& context, const Limits& limits);

    Result<void> listen(const net::Endpoint& endpoint);
    std::uint16_t port() const;
    void stop();
    void remove(const std::shared_ptr<Connection>& connection);
    void end_handshake(const net::asio::ip::address& peer);

    net::asio::io_context& context() { return context_; }
    bool stopping() const { return stopping_; }
    const Limits& limits() const { return limits_; }

    Router router;
    ServerStats stats;
    std::shared_ptr<const net::TlsServer> tls;  ///< of new connections; none: they are plain
    /// Where every connection reads to first: one buffer for all instead of one each.
    std::array<char, 64 * 1024> scratch;

private:
    void accept();
    void accepted(const net::ErrorCode& error, net::TcpSocket socket);
    void admit(net::TcpSocket socket);
    bool begin_handshake(const net::asio::ip::address& peer);

    net::asio::io_context& context_;
    const Limits limits_;
    net::TcpAcceptor acceptor_;
    net::tcp::endpoint peer_;  // of the connection that is accepted
    net::Timer accept_timer_;
    std::unordered_set<std::shared_ptr<Connection>> connections_;
    std::map<net::asio::ip::address, std::size_t> handshakes_;  // under way; not used without limit
    net::Timer stop_timer_;
    bool stopping_ = false;
    bool accept_fails_ = false;
    bool accept_waits_ = false;  // for the end of a handshake
};

}  // namespace weir::http
