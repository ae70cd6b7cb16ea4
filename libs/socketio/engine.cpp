// SPDX-License-Identifier: Apache-2.0
#include "socketio/engine.hpp"

#include "socketio/engine_core.hpp"

namespace weir::socketio {

Engine::Engine(net::asio::io_context& context, http::Server& server, EngineOptions options,
               Opener open)
    : core_(std::make_shared<EngineCore>(context, std::move(options), std::move(open))) {
    core_->mount_on(server);
}

Engine::~Engine() { core_->shut_down(); }

void Engine::stop(std::chrono::milliseconds spread, std::function<void()> done) {
    core_->stop(spread, std::move(done));
}

const Stats& Engine::stats() const { return core_->stats(); }

Stats& Engine::mutable_stats() { return core_->stats(); }

}  // namespace weir::socketio
