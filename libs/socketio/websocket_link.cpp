// SPDX-License-Identifier: Apache-2.0
#include "socketio/websocket_link.hpp"

#include <array>
#include <boost/asio/post.hpp>
#include <span>
#include <utility>

namespace weir::socketio {
namespace {

namespace asio = net::asio;

// Chunks in one system call; Linux takes up to 1024 (IOV_MAX), and this many suffice to fill a
// socket's buffer.
constexpr std::size_t parts_max = 64;

// A client that sends pings and does not read gets no more pongs beyond this.
constexpr std::size_t pong_queue_bytes_max = 16 * 1024;

// From our close frame to the end, whether the peer answers it or not.
constexpr std::chrono::milliseconds close_max{5'000};

}  // namespace

WebSocketLink::WebSocketLink(net::Stream stream, std::shared_ptr<LinkContext> context)
    : stream_(std::move(stream)),
      reader_(context->message_bytes_max),
      context_(std::move(context)) {}

void WebSocketLink::start(std::string_view received) {
    const auto self = shared_from_this();
    reader_.append(received);
    read_events();
    if (state_ != State::closed) await_readable();
}

void WebSocketLink::await_readable() {
    stream_.await_readable([self = shared_from_this()](const net::ErrorCode& error) {
        if (self->state_ == State::closed) return;
        error ? self->fail(CloseReason::transport_close) : self->on_readable();
    });
}

void WebSocketLink::on_readable() {
    net::ErrorCode error;
    const std::size_t size = stream_.read_some(context_->scratch, error);
    if (error && error != asio::error::would_block) return fail(CloseReason::transport_close);
    if (!error && state_ == State::open) {
        reader_.append({context_->scratch.data(), size});
        read_events();
    }
    if (state_ != State::closed) await_readable();
}

void WebSocketLink::read_events() {
    while (state_ == State::open && on_event(reader_.next())) {
    }
}

/// False when there is nothing more to read for now.
bool WebSocketLink::on_event(const websocket::Event& event) {
    using Kind = websocket::Event::Kind;
    switch (event.kind) {
        case Kind::need_more: return false;
        case Kind::text:
        case Kind::binary:
            if (listener_ != nullptr)
                listener_->on_link_message(event.payload, event.kind == Kind::binary);
            return true;
        case Kind::ping: {
            if (queue_.bytes() > pong_queue_bytes_max) return true;
            std::string pong;
            append_frame_header(pong, websocket::Opcode::pong, event.payload.size());
            send(raw_chunk(pong + std::string(event.payload)));
            flush();
            return true;
        }
        case Kind::pong: return true;
        case Kind::close: {
            Listener* listener = std::exchange(listener_, nullptr);
            close(websocket::CloseCode::normal);
            if (listener != nullptr) listener->on_link_closed(CloseReason::transport_close);
            return false;
        }
        case Kind::error: {
            Listener* listener = std::exchange(listener_, nullptr);
            close(event.code);
            const bool large = event.code == websocket::CloseCode::too_large;
            if (listener != nullptr)
                listener->on_link_closed(large ? CloseReason::too_large
                                               : CloseReason::protocol_error);
            return false;
        }
    }
    return false;
}

void WebSocketLink::send(ChunkPtr chunk) {
    if (state_ == State::open) queue_.push(std::move(chunk));
}

void WebSocketLink::send(OutQueue&& queue) {
    if (state_ == State::open) queue_.append(std::move(queue));
}

bool WebSocketLink::flush() {
    while (state_ != State::closed && !queue_.empty() && !awaiting_writable_) {
        std::array<iovec, parts_max> parts;
        net::ErrorCode error;
        const std::size_t used = queue_.gather(parts);
        const std::size_t sent = stream_.write_some(std::span(parts).first(used), error);
        if (!error) {
            queue_.sent(sent);
            context_->stats.bytes_out.fetch_add(sent, std::memory_order_relaxed);
        } else if (error == asio::error::would_block) {
            await_writable();
        } else {
            asio::post(stream_.executor(),
                       [self = shared_from_this()] { self->fail(CloseReason::transport_close); });
            return false;
        }
    }
    if (state_ == State::closing && queue_.empty()) finish();
    return queue_.empty();
}

void WebSocketLink::await_writable() {
    awaiting_writable_ = true;
    stream_.await_writable([self = shared_from_this()](const net::ErrorCode& error) {
        self->awaiting_writable_ = false;
        if (self->state_ == State::closed) return;
        error ? self->fail(CloseReason::transport_close) : self->on_writable();
    });
}

void WebSocketLink::on_writable() {
    if (flush() && listener_ != nullptr) listener_->on_link_drained();
}

/// Everything is sent: the peer reads our close frame, answers and closes; on_readable() sees it.
void WebSocketLink::finish() { stream_.shutdown_send(); }

void WebSocketLink::close(std::optional<websocket::CloseCode> code) {
    listener_ = nullptr;
    if (state_ != State::open) return;
    send(raw_chunk(websocket::close_frame(code)));
    state_ = State::closing;
    close_timer_ = std::make_unique<net::Timer>(stream_.executor());
    close_timer_->expires_after(close_max);
    close_timer_->async_wait([self = shared_from_this()](const net::ErrorCode&) { self->abort(); });
    flush();
}

void WebSocketLink::abort() {
    listener_ = nullptr;
    if (state_ == State::closed) return;
    state_ = State::closed;
    if (close_timer_) close_timer_->cancel();
    stream_.close();
    queue_ = {};
}

void WebSocketLink::fail(CloseReason reason) {
    Listener* listener = std::exchange(listener_, nullptr);
    abort();
    if (listener != nullptr) listener->on_link_closed(reason);
}

}  // namespace weir::socketio
