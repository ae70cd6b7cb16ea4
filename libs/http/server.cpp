// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "http/server_core.hpp"
#include "net/io_thread.hpp"

namespace weir::http {

std::string_view name(HandshakeFailure failure) {
    switch (failure) {
        case HandshakeFailure::gone: return "gone";
        case HandshakeFailure::timeout: return "timeout";
        case HandshakeFailure::refused: return "refused";
        case HandshakeFailure::plain_http: return "plain_http";
    }
    return "unknown";
}

struct Server::State {
    std::optional<net::IoThread> thread;  // before core, which uses its context
    net::asio::io_context& context;
    std::shared_ptr<ServerCore> core;
    std::uint16_t port = 0;

    explicit State(const Limits& limits)
        : thread(std::in_place, "http"),
          context(thread->context()),
          core(std::make_shared<ServerCore>(context, limits)) {}
    State(net::asio::io_context& given, const Limits& limits)
        : context(given), core(std::make_shared<ServerCore>(given, limits)) {}
};

Server::Server(Limits limits) : state_(std::make_unique<State>(limits)) {}

Server::Server(net::asio::io_context& context, Limits limits)
    : state_(std::make_unique<State>(context, limits)) {}

Server::~Server() { stop(); }

void Server::route(std::string method, std::string path, Handler handler) {
    state_->core->router.add_route(std::move(method), std::move(path), std::move(handler));
}

void Server::mount(std::string prefix, AsyncHandler handler, Admit admit) {
    state_->core->router.add_mount({std::move(prefix), std::move(handler), std::move(admit)});
}

void Server::decorate(std::string prefix, Decorator decorator) {
    state_->core->router.add_decorator(std::move(prefix), std::move(decorator));
}

void Server::use_tls(std::shared_ptr<const net::TlsServer> tls) {
    const auto use = [core = state_->core, tls = std::move(tls)] { core->tls = tls; };
    state_->port == 0 ? use() : net::asio::post(state_->context, use);
}

Result<void> Server::listen(const net::Endpoint& endpoint) {
    WEIR_ASSERT(state_->port == 0, "a server listens once");
    auto listening = state_->core->listen(endpoint);
    if (!listening.ok()) return listening;
    state_->port = state_->core->port();
    if (state_->thread) state_->thread->start();
    return {};
}

std::uint16_t Server::port() const {
    WEIR_ASSERT(state_->port != 0, "a server has a port once it listens");
    return state_->port;
}

void Server::stop() {
    net::asio::post(state_->context, [core = state_->core] { core->stop(); });
    if (state_->thread) state_->thread->join();
}

const ServerStats& Server::stats() const { return state_->core->stats; }

}  // namespace weir::http
