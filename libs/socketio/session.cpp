// SPDX-License-Identifier: Apache-2.0
#include "socketio/session.hpp"

#include <utility>

#include "base/text.hpp"
#include "socketio/engine_core.hpp"
#include "socketio/upgrade_probe.hpp"

namespace weir::socketio {
namespace {

/// The header tells a proxy before several servers where a session lives, so that it can send the
/// requests that name the session there; it would have to take the body apart otherwise.
http::Response poll_answer(const std::string& sid, std::string payload) {
    http::Response response{.content_type = "text/plain; charset=UTF-8",
                            .body = std::move(payload)};
    response.headers.push_back({"Cache-Control", "no-store"});
    response.headers.push_back({"Engine-Sid", sid});
    return response;
}

std::string packet_text(EngineType type) { return std::string(1, static_cast<char>(type)); }

}  // namespace

Session::Session(EngineCore& engine, std::string sid, std::string remote_address)
    : engine_(engine),
      sid_(std::move(sid)),
      remote_address_(std::move(remote_address)),
      timer_(engine.context()) {}

Session::~Session() {
    if (link_) link_->abort();
}

void Session::send_open_packet(bool can_upgrade) {
    const EngineOptions& options = engine_.options();
    send(packet_chunk(EngineType::open, open_packet_data({.sid = sid_,
                                                          .can_upgrade = can_upgrade,
                                                          .ping_interval = options.ping_interval,
                                                          .ping_timeout = options.ping_timeout,
                                                          .max_payload = options.max_payload})));
    await_heartbeat(Heartbeat::ping_due, Clock::now() + options.ping_interval);
    handler_ = engine_.open_handler(*this);
}

void Session::start_polling(http::Responder responder) {
    send_open_packet(true);
    on_poll(std::move(responder));
}

void Session::start_websocket(std::shared_ptr<WebSocketLink> link) {
    link_ = std::move(link);
    link_->set_listener(this);
    send_open_packet(false);
    flush();
}

void Session::send_text(std::string_view message) {
    if (state_ == State::open) send(packet_chunk(EngineType::message, message));
}

void Session::send_binary(std::string_view message) {
    if (state_ != State::open) return;
    auto chunk = std::make_shared<Chunk>();
    chunk->add_binary(message);
    send(std::move(chunk));
}

void Session::send(ChunkPtr chunk) {
    queue(std::move(chunk));
    if (flush_planned_ || state_ != State::open) return;
    flush_planned_ = true;
    engine_.plan_flush(shared_from_this());
}

void Session::queue(ChunkPtr chunk) {
    if (state_ != State::open || too_slow_) return;
    engine_.stats().packets_out.fetch_add(chunk->packets(), std::memory_order_relaxed);
    link_ ? link_->send(std::move(chunk)) : queue_.push(std::move(chunk));
    const std::size_t bytes_max = engine_.options().queue_bytes_max;
    if (queued_bytes() > bytes_max) {
        flush();  // much at once is not yet slow
        too_slow_ = queued_bytes() > bytes_max;
        if (too_slow_) engine_.plan_close(shared_from_this());
    }
}

std::size_t Session::queued_bytes() const { return link_ ? link_->queued_bytes() : queue_.bytes(); }

void Session::flush_as_planned() {
    flush_planned_ = false;
    flush();
}

bool Session::flush() {
    if (link_) return link_->flush();
    flush_poll();
    return poll_.has_value() && queue_.empty();
}

void Session::flush_poll() {
    if (!poll_) return;
    std::string payload = queue_.take_payload();
    if (!payload.empty()) return answer_poll(std::move(payload));
    if (state_ == State::lingering) {
        // Not together with what was queued: clients take the end of the connection before the
        // packets that came with it, such as the DISCONNECT that says why.
        answer_poll(packet_text(EngineType::close));
        forget();
    } else if (upgrading_) {
        answer_poll(packet_text(EngineType::noop));
    }
}

void Session::answer_poll(std::string payload) {
    engine_.stats().bytes_out.fetch_add(payload.size(), std::memory_order_relaxed);
    http::Responder responder = std::move(*poll_);
    poll_.reset();
    responder.send(poll_answer(sid_, std::move(payload)));
}

void Session::on_poll(http::Responder responder) {
    if (poll_) {
        responder.send(engine_.refusal(RefusalCode::bad_request));
        return drop(CloseReason::protocol_error);
    }
    poll_.emplace(std::move(responder));
    poll_->on_peer_gone([session = weak_from_this()] {
        if (const auto self = session.lock()) {
            self->poll_.reset();
            self->drop(CloseReason::transport_close);
        }
    });
    if (flush()) tell_ready();
}

std::shared_ptr<void> Session::begin_post() {
    if (!post_.expired()) {
        drop(CloseReason::protocol_error);
        return nullptr;
    }
    auto ticket = std::make_shared<char>('\0');
    post_ = ticket;
    return ticket;
}

void Session::on_post(const http::Request& request, http::Responder responder) {
    if (request.body.size() > engine_.options().max_payload)
        return responder.send({.status = 413, .content_type = "text/plain", .body = "too large\n"});
    engine_.stats().bytes_in.fetch_add(request.body.size(), std::memory_order_relaxed);
    const bool raw = request.header("content-type") == "application/octet-stream";
    if (raw || !read_payload(request.body)) {
        responder.send(engine_.refusal(RefusalCode::bad_request));
        return drop(CloseReason::protocol_error);
    }
    http::Response done{.content_type = "text/html", .body = "ok"};
    done.headers.push_back({"Cache-Control", "no-store"});
    responder.send(std::move(done));
}

bool Session::read_payload(std::string_view body) {
    if (!is_utf8(body)) return false;
    PayloadReader reader(body);
    while (state_ == State::open && !reader.at_end()) {
        const auto packet = reader.next();
        if (!packet || !on_packet(*packet)) return false;
    }
    return true;
}

bool Session::is_too_fast() {
    const std::size_t max = engine_.options().messages_per_second_max;
    if (max == 0) return false;
    if (const auto now = Clock::now(); now >= second_end_) {
        second_end_ = now + std::chrono::seconds{1};
        messages_in_second_ = 0;
    }
    return ++messages_in_second_ > max;
}

bool Session::on_packet(const EnginePacket& packet) {
    switch (packet.type) {
        case EngineType::message:
            engine_.stats().packets_in.fetch_add(1, std::memory_order_relaxed);
            if (is_too_fast())
                drop(CloseReason::too_fast);
            else
                handler_->on_message(packet.data, packet.binary);
            return true;
        case EngineType::pong:
            if (heartbeat_ == Heartbeat::pong_due)
                await_heartbeat(Heartbeat::ping_due,
                                Clock::now() + engine_.options().ping_interval);
            return true;
        case EngineType::close:
            if (poll_) answer_poll(packet_text(EngineType::noop));
            drop(CloseReason::client_close);
            return true;
        case EngineType::ping: return false;  // only the server asks, since revision 4
        case EngineType::open:
        case EngineType::upgrade:
        case EngineType::noop: return true;
    }
    return false;
}

bool Session::can_upgrade() const { return state_ == State::open && !link_ && !probe_; }

void Session::start_upgrade(std::shared_ptr<WebSocketLink> link) {
    probe_ = std::make_unique<UpgradeProbe>(*this, std::move(link));
    probe_->start(engine_.options().upgrade_timeout);
}

void Session::on_probed() {
    upgrading_ = true;
    flush();
}

void Session::finish_upgrade(std::shared_ptr<WebSocketLink> link) {
    const auto finished = std::move(probe_);
    upgrading_ = false;
    ++engine_.stats().upgrades;
    if (state_ == State::lingering) {  // closed meanwhile: what is queued says why
        link->send(std::move(queue_));
        link->close(std::nullopt);
        if (poll_) answer_poll(packet_text(EngineType::noop));
        return forget();
    }
    --engine_.stats().clients[std::size_t(Transport::polling)];
    ++engine_.stats().clients[std::size_t(Transport::websocket)];
    if (poll_) answer_poll(packet_text(EngineType::noop));
    link_ = std::move(link);
    link_->set_listener(this);
    link_->send(std::move(queue_));
    // A pong that is due may be on its way on either transport: its time starts anew.
    if (heartbeat_ == Heartbeat::pong_due)
        await_heartbeat(Heartbeat::pong_due, Clock::now() + engine_.options().ping_timeout);
    if (flush()) tell_ready();
}

void Session::abandon_upgrade() {
    upgrading_ = false;
    ++engine_.stats().upgrades_failed;
    probe_.reset();
}

void Session::on_link_message(std::string_view data, bool binary) {
    const auto self = shared_from_this();  // a handler may end the session
    engine_.stats().bytes_in.fetch_add(data.size(), std::memory_order_relaxed);
    const auto packet = binary ? std::optional(EnginePacket{.binary = true, .data = data})
                               : parse_engine_packet(data);
    if (!packet || !on_packet(*packet)) drop(CloseReason::protocol_error);
}

void Session::on_link_drained() {
    const auto self = shared_from_this();
    tell_ready();
}

void Session::tell_ready() {
    if (state_ == State::open && std::exchange(ready_awaited_, false)) handler_->on_ready();
}

void Session::on_link_closed(CloseReason reason) {
    const auto self = shared_from_this();
    drop(reason);
}

void Session::await_heartbeat(Heartbeat what, Clock::time_point due) {
    heartbeat_ = what;
    heartbeat_due_ = due;
    timer_.expires_at(due);
    timer_.async_wait([session = weak_from_this()](const net::ErrorCode& cancelled) {
        const auto self = session.lock();
        if (!cancelled && self && self->state_ == State::open) self->on_heartbeat();
    });
}

void Session::on_heartbeat() {
    if (Clock::now() < heartbeat_due_) return;  // moved while this call was on its way
    if (heartbeat_ == Heartbeat::pong_due) return drop(CloseReason::ping_timeout);
    // Deadlines are chained: a late timer does not make the whole longer.
    await_heartbeat(Heartbeat::pong_due, heartbeat_due_ + engine_.options().ping_timeout);
    send(packet_chunk(EngineType::ping));
}

void Session::close(CloseReason reason) {
    if (state_ != State::open) return;
    const auto self = shared_from_this();
    if (link_ || reason == CloseReason::too_slow) return drop(reason);
    state_ = State::lingering;
    end(reason);
    flush();
    if (state_ == State::lingering) await_linger();
}

void Session::await_linger() {
    timer_.expires_after(engine_.options().close_linger);
    timer_.async_wait([session = weak_from_this()](const net::ErrorCode& cancelled) {
        const auto self = session.lock();
        if (!cancelled && self) self->forget();
    });
}

void Session::drop(CloseReason reason) {
    if (state_ != State::open) return forget();
    const auto self = shared_from_this();
    state_ = State::lingering;
    if (link_) reason == CloseReason::too_slow ? link_->abort() : link_->close(std::nullopt);
    if (poll_) answer_poll(packet_text(EngineType::close));
    queue_ = {};
    end(reason);
    forget();
}

void Session::hang_up() {
    const auto self = shared_from_this();
    flush();
    if (poll_) {
        poll_->abort();
        poll_.reset();
    }
    drop(CloseReason::server_close);
}

/// Tells the handler, once, and ends what works for the session.
void Session::end(CloseReason reason) {
    ++engine_.stats().closed[std::size_t(reason)];
    --engine_.stats().clients[std::size_t(transport())];
    timer_.cancel();
    if (handler_) handler_->on_close(reason);
}

void Session::forget() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    timer_.cancel();
    probe_.reset();
    engine_.forget(*this);
}

}  // namespace weir::socketio
