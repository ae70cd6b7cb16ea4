// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <unordered_set>

#include "http/router.hpp"
#include "http/server.hpp"
#include "net/asio.hpp"

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

    net::asio::io_context& context() { return context_; }
    bool stopping() const { return stopping_; }
    const Limits& limits() const { return limits_; }

    Router router;
    ServerStats stats;
    /// Where every connection reads to first: one buffer for all instead of one each.
    std::array<char, 64 * 1024> scratch;

private:
    void accept();
    void accepted(const net::ErrorCode& error, net::TcpSocket socket);

    net::asio::io_context& context_;
    const Limits limits_;
    net::TcpAcceptor acceptor_;
    net::Timer accept_timer_;
    std::unordered_set<std::shared_ptr<Connection>> connections_;
    net::Timer stop_timer_;
    bool stopping_ = false;
    bool accept_fails_ = false;
};

}  // namespace weir::http
