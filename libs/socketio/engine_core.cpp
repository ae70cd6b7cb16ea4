// SPDX-License-Identifier: Apache-2.0
#include "socketio/engine_core.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "http/takeover.hpp"
#include "socketio/base64.hpp"
#include "socketio/cors.hpp"
#include "socketio/websocket_handshake.hpp"

namespace weir::socketio {
namespace {

namespace asio = net::asio;

// 144 bits: more than the 15 bytes of the reference implementation, and a whole number of digits.
constexpr std::size_t sid_bytes = 18;

constexpr std::chrono::milliseconds stop_tick{50};

// Sessions that are sent to between two looks at what else is to be done; some 2 ms.
constexpr std::size_t flush_slice = 512;

http::Response come_later(unsigned status, std::string reason) {
    http::Response response{
        .status = status, .content_type = "text/plain", .body = std::move(reason), .close = true};
    response.headers.push_back({"Retry-After", "5"});
    return response;
}

}  // namespace

EngineCore::EngineCore(asio::io_context& context, EngineOptions options, Engine::Opener open)
    : context_(context),
      options_(std::move(options)),
      open_(std::move(open)),
      stop_timer_(context),
      link_context_(std::make_shared<LinkContext>(options_.max_payload)) {}

void EngineCore::mount_on(http::Server& server) {
    server.mount(
        options_.path,
        [core = shared_from_this()](const http::Request& request, http::Responder responder) {
            core->handle(request, std::move(responder));
        },
        [core = shared_from_this()](const http::Request& request) { return core->admit(request); });
    server.decorate(options_.path,
                    [cors = options_.cors](const http::Request& request, http::Response& response) {
                        add_cors_headers(cors, request, response);
                    });
}

/// The checks of the reference implementation, in its order.
EngineCore::Verdict EngineCore::check(const http::Request& request) const {
    const bool upgrade = request.asks_upgrade("websocket");
    const auto transport = request.query.get("transport").value_or("");
    const bool websocket = transport == "websocket";
    if (!websocket && !(transport == "polling" && options_.polling))
        return {RefusalCode::transport_unknown, {}};
    if (upgrade && !is_origin_allowed(options_.cors, request)) return {RefusalCode::forbidden, {}};
    if (upgrade && !websocket) return {RefusalCode::bad_request, {}};
    if (const auto sid = request.query.get("sid").value_or(""); !sid.empty()) {
        const auto found = sessions_.find(std::string(sid));
        if (found == sessions_.end()) return {RefusalCode::session_unknown, {}};
        const auto& session = found->second;
        const bool fits = upgrade ? session->can_upgrade()
                                  : !websocket && session->transport() == Transport::polling;
        if (!fits) return {RefusalCode::bad_request, {}};
        return {{}, session};
    }
    if (request.method != "GET") return {RefusalCode::bad_method, {}};
    if (websocket && !upgrade) return {RefusalCode::bad_request, {}};
    if (request.query.get("EIO") != "4") return {RefusalCode::version_unsupported, {}};
    return {};
}

http::Admission EngineCore::admit(const http::Request& request) {
    if (request.method != "POST" || request.path != options_.path) return {};
    const Verdict verdict = check(request);
    if (verdict.refused) return {.refusal = refusal(*verdict.refused)};
    auto ticket = verdict.session->begin_post();
    if (ticket == nullptr) return {.refusal = refusal(RefusalCode::bad_request)};
    return {.ticket = std::move(ticket)};
}

void EngineCore::handle(const http::Request& request, http::Responder responder) {
    if (request.path != options_.path)
        responder.send({.status = 404, .content_type = "text/plain", .body = "not found\n"});
    else if (is_preflight(options_.cors, request))
        responder.send(preflight_answer(request));
    else if (request.asks_upgrade("websocket"))
        handle_websocket(request, std::move(responder));
    else
        handle_polling(request, std::move(responder));
}

void EngineCore::handle_polling(const http::Request& request, http::Responder responder) {
    const Verdict verdict = check(request);
    if (verdict.refused) return responder.send(refusal(*verdict.refused));
    if (!verdict.session) {
        if (auto full = busy(request)) return responder.send(std::move(*full));
        make_session(request, Transport::polling)->start_polling(std::move(responder));
    } else if (request.method == "GET") {
        verdict.session->on_poll(std::move(responder));
    } else if (request.method == "POST") {
        verdict.session->on_post(request, std::move(responder));
    } else {
        responder.send(refusal(RefusalCode::bad_request));
    }
}

void EngineCore::handle_websocket(const http::Request& request, http::Responder responder) {
    const Verdict verdict = check(request);
    if (verdict.refused) return responder.send(upgrade_refusal(*verdict.refused));
    if (!websocket::is_handshake(request))
        return responder.send(upgrade_refusal(RefusalCode::bad_request));
    if (!verdict.session)
        if (auto full = busy(request)) return responder.send(std::move(*full));

    http::Takeover taken = http::take_over(std::move(responder));
    auto link = std::make_shared<WebSocketLink>(std::move(taken.stream), link_context_);
    link->send(raw_chunk(websocket::handshake_answer(request)));
    if (verdict.session)
        verdict.session->start_upgrade(link);
    else
        make_session(request, Transport::websocket)->start_websocket(link);
    link->start(taken.received);
}

std::optional<http::Response> EngineCore::busy(const http::Request& request) {
    if (stopping_ || sessions_.size() >= options_.clients_max) {
        ++stats().refused_busy;
        return come_later(503, "too many clients\n");
    }
    const auto known = of_address_.find(request.remote_address);
    if (options_.clients_per_address_max == 0 || known == of_address_.end() ||
        known->second < options_.clients_per_address_max)
        return std::nullopt;
    ++stats().refused_address;
    return come_later(429, "too many clients of this address\n");  // RFC 6585 section 4
}

std::shared_ptr<Session> EngineCore::make_session(const http::Request& request,
                                                  Transport transport) {
    auto session = std::make_shared<Session>(*this, random_id(sid_bytes), request.remote_address);
    sessions_.emplace(session->sid(), session);
    ++of_address_[session->remote_address()];
    ++stats().clients[std::size_t(transport)];
    ++stats().opened[std::size_t(transport)];
    return session;
}

http::Response EngineCore::refusal(RefusalCode code) {
    ++stats().refused[std::size_t(code)];
    http::Response response{
        .status = code == RefusalCode::forbidden ? 403U : 400U,
        .content_type = "application/json",
        .body = fmt::format(R"({{"code":{},"message":"{}"}})", int(code), message(code))};
    response.headers.push_back({"Cache-Control", "no-store"});
    return response;
}

/// On an Upgrade request the reference answers in plain words and closes.
http::Response EngineCore::upgrade_refusal(RefusalCode code) {
    ++stats().refused[std::size_t(code)];
    return {.status = code == RefusalCode::forbidden ? 403U : 400U,
            .content_type = "text/html",
            .body = std::string(message(code)),
            .close = true};
}

void EngineCore::plan_flush(std::shared_ptr<Session> session) {
    to_flush_.push_back(std::move(session));
    if (std::exchange(plans_posted_, true)) return;
    asio::post(context_, [core = shared_from_this()] { core->run_plans(); });
}

void EngineCore::plan_close(std::shared_ptr<Session> session) {
    to_close_.push_back(std::move(session));
    if (std::exchange(plans_posted_, true)) return;
    asio::post(context_, [core = shared_from_this()] { core->run_plans(); });
}

void EngineCore::run_plans() {
    plans_posted_ = false;
    const auto closing = std::exchange(to_close_, {});
    for (const auto& session : closing)
        session->close(CloseReason::too_slow);
    const std::size_t count = std::min(to_flush_.size(), flush_slice);
    for (std::size_t i = 0; i < count; ++i)
        to_flush_[i]->flush_as_planned();
    to_flush_.erase(to_flush_.begin(), to_flush_.begin() + static_cast<std::ptrdiff_t>(count));
    if (to_flush_.empty() || std::exchange(plans_posted_, true)) return;
    asio::post(context_, [core = shared_from_this()] { core->run_plans(); });
}

void EngineCore::forget(const Session& session) {
    const auto address = of_address_.find(session.remote_address());
    if (--address->second == 0) of_address_.erase(address);
    sessions_.erase(session.sid());
    if (stopped_ && sessions_.empty()) {
        stop_timer_.cancel();
        asio::post(context_, std::exchange(stopped_, nullptr));
    }
}

void EngineCore::stop(std::chrono::milliseconds spread, std::function<void()> done) {
    stopping_ = true;
    if (sessions_.empty()) return asio::post(context_, std::move(done));
    stopped_ = std::move(done);
    for (const auto& [sid, session] : sessions_)
        to_stop_.push_back(session);
    const auto ticks = static_cast<std::size_t>(std::max<std::int64_t>(1, spread / stop_tick));
    stop_slice_ = (to_stop_.size() + ticks - 1) / ticks;
    close_slice();
}

void EngineCore::close_slice() {
    for (std::size_t i = 0; i < stop_slice_ && !to_stop_.empty(); ++i) {
        if (const auto session = to_stop_.back().lock()) session->hang_up();
        to_stop_.pop_back();
    }
    if (to_stop_.empty()) return;
    stop_timer_.expires_after(stop_tick);
    stop_timer_.async_wait([core = shared_from_this()](const net::ErrorCode& cancelled) {
        if (!cancelled) core->close_slice();
    });
}

void EngineCore::shut_down() {
    stopping_ = true;
    const auto open = sessions_;
    for (const auto& [sid, session] : open)
        session->hang_up();
}

}  // namespace weir::socketio
