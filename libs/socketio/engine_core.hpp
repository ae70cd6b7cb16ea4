// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/server.hpp"
#include "net/asio.hpp"
#include "socketio/engine.hpp"
#include "socketio/session.hpp"

namespace weir::socketio {

/// The sessions of one engine, and the requests that make and feed them.
///
/// Threads: the io thread, but for the counters.
class EngineCore : public std::enable_shared_from_this<EngineCore> {
public:
    EngineCore(net::asio::io_context& context, EngineOptions options, Engine::Opener open);

    void mount_on(http::Server& server);
    void stop(std::chrono::milliseconds spread, std::function<void()> done);
    /// Ends all sessions at once and opens no more.
    void shut_down();

    // For sessions.
    net::asio::io_context& context() { return context_; }
    const EngineOptions& options() const { return options_; }
    std::unique_ptr<SessionHandler> open_handler(Session& session) { return open_(session); }
    http::Response refusal(RefusalCode code);
    /// Flushes the session at the end of this turn of the event loop.
    void plan_flush(std::shared_ptr<Session> session);
    /// Ends the session as too_slow, soon, so that the sender is not called back.
    void plan_close(std::shared_ptr<Session> session);
    void forget(const Session& session);

    Stats& stats() { return link_context_->stats; }

private:
    /// What a request is for, or why it is refused.
    struct Verdict {
        std::optional<RefusalCode> refused;
        std::shared_ptr<Session> session;
    };

    Verdict check(const http::Request& request) const;
    http::Admission admit(const http::Request& request);
    void handle(const http::Request& request, http::Responder responder);
    void handle_polling(const http::Request& request, http::Responder responder);
    void handle_websocket(const http::Request& request, http::Responder responder);
    std::optional<http::Response> busy(const http::Request& request);
    std::shared_ptr<Session> make_session(const http::Request& request, Transport transport);
    http::Response upgrade_refusal(RefusalCode code);
    void run_plans();
    void close_slice();

    net::asio::io_context& context_;
    const EngineOptions options_;
    Engine::Opener open_;
    std::unordered_map<std::string, std::shared_ptr<Session>> sessions_;
    std::unordered_map<std::string, std::size_t> of_address_;  // how many of sessions_
    std::vector<std::shared_ptr<Session>> to_flush_;
    std::vector<std::shared_ptr<Session>> to_close_;
    bool plans_posted_ = false;
    bool stopping_ = false;
    net::Timer stop_timer_;
    std::vector<std::weak_ptr<Session>> to_stop_;
    std::size_t stop_slice_ = 0;
    std::function<void()> stopped_;
    std::shared_ptr<LinkContext> link_context_;
};

}  // namespace weir::socketio
