// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "http/server.hpp"
#include "socketio/options.hpp"
#include "socketio/stats.hpp"

namespace boost::asio {
class io_context;
}

namespace weir::socketio {

class EngineCore;
class Session;  // socketio/session.hpp

/// What happens on one session, told by the io thread.
class SessionHandler {
public:
    virtual ~SessionHandler() = default;

    /// A message; `data` is valid during the call. Text has been checked to be UTF-8.
    virtual void on_message(std::string_view data, bool binary) = 0;

    /// Nothing waits for the client any more, after Session::await_ready().
    virtual void on_ready() {}

    /// The last call.
    virtual void on_close(CloseReason reason) = 0;
};

/// A server of the Engine.IO protocol, revision 4 (github.com/socketio/engine.io-protocol):
/// long-polling, WebSocket and the upgrade from one to the other, mounted on an HTTP server.
///
/// Problem: a browser behind whatever proxy gets a two-way stream of messages, in order, with its
/// end noticed by both sides in time; ten thousand of them cost little, and none can make memory
/// grow.
///
/// Threads:  one io thread, shared with the HTTP server; stats() from any thread.
/// Lifetime: made before the HTTP server listens; that server must not outlive it by handlers.
/// Limits:   EngineOptions. The HTTP server's body limit should not be below max_payload.
class Engine {
public:
    /// Called for each new session; the handler lives as long as the session. It may send, but
    /// not close, before it returns.
    using Opener = std::function<std::unique_ptr<SessionHandler>(Session& session)>;

    Engine(boost::asio::io_context& context, http::Server& server, EngineOptions options,
           Opener open);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Refuses new sessions and closes those that are open, evenly over `spread`, so that clients
    /// do not all come back at once; `done` is called when none is left.
    void stop(std::chrono::milliseconds spread, std::function<void()> done);

    const Stats& stats() const;

    /// For layers above, which count what only they know.
    Stats& mutable_stats();

private:
    std::shared_ptr<EngineCore> core_;
};

}  // namespace weir::socketio
