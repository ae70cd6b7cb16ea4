// SPDX-License-Identifier: Apache-2.0
#include "socketio/server.hpp"

#include "socketio/client.hpp"
#include "socketio/server_core.hpp"

namespace weir::socketio {

Server::Server(net::asio::io_context& context, http::Server& http, ServerOptions options)
    : core_(std::make_shared<ServerCore>(context, std::move(options))) {
    // The engine is the core's: a plain pointer back makes no circle.
    core_->engine = std::make_unique<Engine>(context, http, core_->options.engine,
                                             [core = core_.get()](Session& session) {
                                                 return std::make_unique<Client>(*core, session);
                                             });
}

Server::~Server() { core_->engine.reset(); }

Namespace& Server::of(std::string_view name) {
    auto& slot = core_->namespaces[std::string(name)];
    if (!slot) slot = std::make_unique<Namespace>(*core_, std::string(name));
    return *slot;
}

void Server::stop(std::chrono::milliseconds spread, std::function<void()> done) {
    core_->engine->stop(spread, std::move(done));
}

const Stats& Server::stats() const { return core_->engine->stats(); }

}  // namespace weir::socketio
