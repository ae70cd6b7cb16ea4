// SPDX-License-Identifier: Apache-2.0
#include "http/server_core.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/log.hpp"
#include "http/connection.hpp"

namespace weir::http {
namespace {

namespace asio = net::asio;

constexpr std::string_view busy_answer =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\n"
    "Connection: close\r\n\r\n";

// Mostly out of file descriptors: give connections time to close before the next try.
constexpr std::chrono::milliseconds accept_retry{100};

Error listen_error(const net::Endpoint& endpoint, std::string_view what,
                   const net::ErrorCode& error) {
    return {
        fmt::format("listening on {}: {}: {}", net::to_string(endpoint), what, error.message())};
}

}  // namespace

ServerCore::ServerCore(asio::io_context& context, const Limits& limits)
    : context_(context),
      limits_(limits),
      acceptor_(context),
      accept_timer_(context),
      stop_timer_(context) {}

Result<void> ServerCore::listen(const net::Endpoint& endpoint) {
    net::ErrorCode error;
    asio::ip::basic_resolver<net::tcp, net::Executor> resolver(context_);
    const auto found = resolver.resolve(endpoint.host, std::to_string(endpoint.port),
                                        asio::ip::resolver_base::passive, error);
    if (error) return listen_error(endpoint, "resolving the host", error);

    const net::tcp::endpoint address = found.begin()->endpoint();
    acceptor_.open(address.protocol(), error);
    if (error) return listen_error(endpoint, "opening a socket", error);
    acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (error) return listen_error(endpoint, "setting socket options", error);
    acceptor_.bind(address, error);
    if (error) return listen_error(endpoint, "binding the port", error);
    acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return listen_error(endpoint, "opening the port", error);
    accept();
    return {};
}

std::uint16_t ServerCore::port() const {
    net::ErrorCode error;
    return acceptor_.local_endpoint(error).port();
}

void ServerCore::accept() {
    acceptor_.async_accept(
        peer_, [self = shared_from_this()](const net::ErrorCode& error, net::TcpSocket socket) {
            self->accepted(error, std::move(socket));
        });
}

void ServerCore::accepted(const net::ErrorCode& error, net::TcpSocket socket) {
    if (stopping_) return;
    const bool fails = error && error != asio::error::connection_aborted;
    if (fails && !accept_fails_)
        log::warn("connections cannot be accepted, trying on", {{"error", error.message()}});
    accept_fails_ = fails;
    if (fails) {
        accept_timer_.expires_after(accept_retry);
        accept_timer_.async_wait([self = shared_from_this()](const net::ErrorCode& cancelled) {
            if (!cancelled && !self->stopping_) self->accept();
        });
        return;
    }
    if (!error) admit(std::move(socket));
    accept_waits_ = stats.handshakes >= limits_.handshakes_max;
    if (!accept_waits_) accept();
}

void ServerCore::admit(net::TcpSocket socket) {
    const bool full = connections_.size() >= limits_.connections_max;
    if (full || (tls && !begin_handshake(peer_.address()))) {
        ++stats.refused_connections;
        net::ErrorCode ignored;
        socket.non_blocking(true, ignored);
        // Over TLS saying so would take a handshake.
        if (!tls) socket.write_some(asio::buffer(busy_answer), ignored);
        return;
    }
    net::Stream stream =
        tls ? net::Stream(std::move(socket), *tls) : net::Stream(std::move(socket));
    auto connection =
        std::make_shared<Connection>(shared_from_this(), std::move(stream), peer_.address());
    connections_.insert(connection);
    ++stats.connections;
    if (tls) ++stats.handshakes;
    connection->start();
}

/// False when the peer has begun as many as it may.
bool ServerCore::begin_handshake(const asio::ip::address& peer) {
    if (limits_.handshakes_per_address_max == 0) return true;
    std::size_t& under_way = handshakes_[peer];
    if (under_way >= limits_.handshakes_per_address_max) return false;
    ++under_way;
    return true;
}

void ServerCore::end_handshake(const asio::ip::address& peer) {
    const auto known = handshakes_.find(peer);
    if (known != handshakes_.end() && --known->second == 0) handshakes_.erase(known);
    --stats.handshakes;
    if (std::exchange(accept_waits_, false) && !stopping_) accept();
}

void ServerCore::stop() {
    if (stopping_) return;
    stopping_ = true;
    net::ErrorCode ignored;
    acceptor_.close(ignored);
    accept_timer_.cancel();
    const auto open = connections_;  // stop() may remove from the set
    for (const auto& connection : open)
        connection->stop();
    if (connections_.empty()) return;
    stop_timer_.expires_after(limits_.stop_max);
    stop_timer_.async_wait([self = shared_from_this()](const net::ErrorCode& cancelled) {
        if (cancelled) return;
        const auto left = self->connections_;
        for (const auto& connection : left)
            connection->close();
    });
}

void ServerCore::remove(const std::shared_ptr<Connection>& connection) {
    if (connections_.erase(connection) == 0) return;
    --stats.connections;
    if (stopping_ && connections_.empty()) stop_timer_.cancel();
}

}  // namespace weir::http
