// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>
#include <utility>

#include "base/assert.hpp"
#include "http/response_head.hpp"
#include "http/server_core.hpp"

namespace weir::http {
namespace {

namespace asio = net::asio;
namespace beast = boost::beast;
namespace errc = boost::system::errc;

// Pipelined requests that wait for their turn; beyond it the kernel's buffers hold the peer back.
constexpr std::size_t pipelined_bytes_max = 64 * 1024;

// After the last answer the peer gets this long to read it and close; closing with unread bytes
// would reset the connection and could take the answer with it (RFC 9112 section 9.6).
constexpr std::chrono::milliseconds linger_max{1'000};

iovec part_of(std::string_view text) {
    return {const_cast<char*>(text.data()), text.size()};  // which is only read
}

unsigned status_of(const net::ErrorCode& error) {
    if (error == beast::http::error::body_limit) return 413;
    if (error == beast::http::error::header_limit) return 431;
    if (error == beast::http::error::bad_version) return 505;
    return 400;
}

}  // namespace

Connection::Connection(std::shared_ptr<ServerCore> core, net::Stream stream,
                       const net::asio::ip::address& peer)
    : core_(std::move(core)),
      stream_(std::move(stream)),
      peer_(peer),
      timer_(stream_.executor()),
      shaking_(stream_.is_shaking()) {}

void Connection::start() {
    set_deadline(core_->limits().header_max);
    await_readable();
}

void Connection::stop() {
    if (state_ == State::reading && !parser_) close();
}

void Connection::close() {
    if (state_ == State::closed) return;
    const bool was_answering = state_ == State::answering;
    state_ = State::closed;
    if (shaking_) end_handshake({});
    stream_.close();
    timer_.cancel();
    ticket_.reset();
    core_->remove(shared_from_this());
    if (was_answering && peer_gone_) std::exchange(peer_gone_, nullptr)();
}

void Connection::await_readable() {
    if (awaiting_readable_) return;
    awaiting_readable_ = true;
    stream_.await_readable([self = shared_from_this()](const net::ErrorCode& error) {
        self->awaiting_readable_ = false;
        self->on_readable(error);
    });
}

void Connection::on_readable(const net::ErrorCode& wait_error) {
    if (state_ == State::closed) return;
    if (wait_error) return close();
    net::ErrorCode error;
    const std::size_t size = stream_.read_some(core_->scratch, error);
    if (shaking_ && !stream_.is_shaking()) end_handshake({});
    if (error == asio::error::would_block) return await_readable();
    if (error) return on_read_error(error);
    on_received({core_->scratch.data(), size});
}

void Connection::on_read_error(const net::ErrorCode& error) {
    if (!shaking_) return on_peer_closed();
    const bool plain_http = error == errc::wrong_protocol_type;
    const bool refused = error == errc::protocol_error;
    end_handshake(plain_http ? HandshakeFailure::plain_http
                  : refused  ? HandshakeFailure::refused
                             : HandshakeFailure::gone);
    if (!plain_http) return close();
    stream_.drop_tls();
    refuse(400, "this port speaks HTTPS, not HTTP");
}

/// The handshake is done, has failed, or is given up with the connection.
void Connection::end_handshake(std::optional<HandshakeFailure> failure) {
    shaking_ = false;
    core_->end_handshake(peer_);
    if (failure) ++core_->stats.failed_handshakes[std::size_t(*failure)];
}

void Connection::on_received(std::string_view bytes) {
    if (state_ == State::lingering) return await_readable();
    buffer_.append(bytes);
    if (state_ == State::reading) return parse();
    if (buffer_.size() < pipelined_bytes_max) await_readable();
}

void Connection::on_peer_closed() {
    // While an answer is being written its failure tells enough, and a peer that has only closed
    // its sending half still gets it.
    if (state_ != State::writing) return close();
    keep_alive_ = false;
}

void Connection::parse() {
    while (state_ == State::reading && !buffer_.empty() && parse_some()) {
    }
    if (state_ != State::reading) return;
    // The parser bounds the header and the body, but not what is between a body's chunks.
    if (buffer_.size() > core_->limits().header_bytes_max)
        return refuse(431, "a chunk's extension or trailer is too large");
    await_readable();
}

/// Feeds the parser once; false when it needs more bytes.
bool Connection::parse_some() {
    if (!parser_) {
        parser_ = std::make_unique<Parser>();
        request_ = Request{};
        parser_->header_limit(static_cast<std::uint32_t>(core_->limits().header_bytes_max));
        parser_->body_limit(core_->limits().body_bytes_max);
        set_deadline(core_->limits().header_max);
    }
    const bool had_header = parser_->is_header_done();
    net::ErrorCode error;
    const std::size_t used = parser_->put(asio::buffer(buffer_), error);
    buffer_.erase(0, used);
    if (error && error != beast::http::error::need_more) {
        if (error == beast::http::error::body_limit) read_head();
        refuse(status_of(error), error.message());
        return false;
    }
    if (!had_header && parser_->is_header_done()) on_header();
    if (state_ == State::reading && parser_ && parser_->is_done()) {
        on_request();
        return true;
    }
    return used > 0 && !error;
}

/// Fills in the request but for its body; false when its target is not a path.
bool Connection::read_head() {
    const auto& message = parser_->get();
    request_.method = message.method_string();
    request_.target = message.target();
    request_.headers.clear();
    for (const auto& field : message)
        request_.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    request_.remote_address = peer_.to_string();
    auto target = parse_target(request_.target);
    if (!target) return false;
    request_.path = std::move(target->path);
    request_.query = std::move(target->query);
    return true;
}

void Connection::on_header() {
    keep_alive_ = parser_->keep_alive() && !core_->stopping();
    if (!read_head()) return refuse(400, "the request target is not a path");
    match_ = core_->router.find(request_.method, request_.path);
    Admission admission;
    if (match_.error)
        admission.refusal = std::move(match_.error);
    else if (match_.mount != nullptr && match_.mount->admit)
        admission = match_.mount->admit(request_);
    ticket_ = std::move(admission.ticket);
    if (!admission.refusal) return parser_->is_done() ? void() : continue_body();
    if (!parser_->is_done()) keep_alive_ = false;  // its body would be read as a request
    state_ = State::answering;
    answer(std::move(*admission.refusal));
}

void Connection::continue_body() {
    set_deadline(core_->limits().body_max);
    parser_->eager(true);
    if (!equal_ignoring_case(request_.header("expect"), "100-continue")) return;
    constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    net::ErrorCode error;
    // Who has not read earlier answers has no room for so little; the rest of it would never come.
    if (stream_.write_some(std::array{part_of(go_on)}, error) != go_on.size()) close();
}

void Connection::on_request() {
    state_ = State::answering;
    deadline_ = Clock::time_point::max();
    request_.body = std::move(parser_->get().body());
    parser_.reset();
    ticket_.reset();
    if (match_.route != nullptr) {
        answer((*match_.route)(request_));
    } else {
        WEIR_ASSERT(match_.mount != nullptr, "a request that nobody answers is refused before");
        match_.mount->handler(request_, Responder(shared_from_this()));
    }
    if (state_ == State::answering && buffer_.size() < pipelined_bytes_max) await_readable();
}

void Connection::refuse(unsigned status, std::string_view why) {
    ++core_->stats.bad_requests;
    keep_alive_ = false;
    state_ = State::answering;
    answer(
        Response{.status = status, .content_type = "text/plain", .body = std::string(why) + "\n"});
}

void Connection::answer(Response response) {
    if (state_ != State::answering) return;  // the peer has gone
    state_ = State::writing;
    peer_gone_ = nullptr;
    parser_.reset();
    ticket_.reset();
    ++core_->stats.requests;
    core_->router.decorate(request_, response);
    if (core_->stopping() || response.close) keep_alive_ = false;
    shared_body_ = std::move(response.shared_body);
    body_ = shared_body_ ? std::string() : std::move(response.body);
    const std::string& body = shared_body_ ? *shared_body_ : body_;
    head_ = response_head(response, body.size(), keep_alive_);
    set_deadline(core_->limits().write_max);
    const bool with_body = request_.method != "HEAD" && may_have_body(response.status);
    unsent_ = {head_, with_body ? std::string_view(body) : std::string_view()};
    write();
}

/// Hands the kernel what it takes, and the rest when it says so.
void Connection::write() {
    auto& [head, body] = unsent_;
    net::ErrorCode error;
    while (!error && !(head.empty() && body.empty())) {
        const std::size_t sent =
            stream_.write_some(std::array{part_of(head), part_of(body)}, error);
        const std::size_t of_head = std::min(sent, head.size());
        head.remove_prefix(of_head);
        body.remove_prefix(sent - of_head);
    }
    if (error == asio::error::would_block) return await_writable();
    // Not at once: what follows may be the answer to the next of many requests that came together.
    asio::post(stream_.executor(), [self = shared_from_this(), error] { self->on_written(error); });
}

void Connection::await_writable() {
    stream_.await_writable([self = shared_from_this()](const net::ErrorCode& error) {
        if (self->state_ == State::closed) return;
        error ? self->close() : self->write();
    });
}

void Connection::on_written(const net::ErrorCode& error) {
    if (state_ == State::closed) return;
    if (error) return close();
    head_.clear();
    body_.clear();
    shared_body_.reset();
    if (!keep_alive_) return linger();
    state_ = State::reading;
    set_deadline(core_->limits().idle_max);
    if (core_->stopping()) return close();
    buffer_.empty() ? await_readable() : parse();
}

void Connection::linger() {
    state_ = State::lingering;
    stream_.shutdown_send();
    set_deadline(linger_max);
    await_readable();
}

Takeover Connection::take_over() {
    Takeover taken{net::Stream(net::TcpSocket(core_->context())), {}};
    if (state_ != State::answering) return taken;
    state_ = State::closed;
    ++core_->stats.requests;
    timer_.cancel();
    ticket_.reset();
    peer_gone_ = nullptr;
    if (awaiting_readable_) stream_.cancel();
    taken.stream = std::move(stream_);
    taken.received = std::move(buffer_);
    core_->remove(shared_from_this());
    return taken;
}

void Connection::set_deadline(std::chrono::milliseconds from_now) {
    deadline_ = Clock::now() + from_now;
    if (deadline_ < timer_due_) await_deadline();
}

/// Deadlines mostly move back, so the timer is left alone until it fires too early.
void Connection::await_deadline() {
    timer_due_ = deadline_;
    timer_.expires_at(deadline_);
    timer_.async_wait([self = shared_from_this()](const net::ErrorCode& cancelled) {
        if (!cancelled) self->on_deadline();
    });
}

void Connection::on_deadline() {
    timer_due_ = Clock::time_point::max();
    if (state_ == State::closed || deadline_ == Clock::time_point::max()) return;
    if (Clock::now() < deadline_) return await_deadline();
    if (state_ == State::reading && parser_) return refuse(408, "the request took too long");
    if (shaking_) end_handshake(HandshakeFailure::timeout);
    close();
}

Responder::Responder(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}

Responder& Responder::operator=(Responder&& other) noexcept {
    std::swap(connection_, other.connection_);
    return *this;
}

Responder::~Responder() {
    if (connection_)
        connection_->answer({.status = 500, .content_type = "text/plain", .body = "no answer\n"});
}

void Responder::send(Response response) {
    WEIR_ASSERT(connection_ != nullptr, "a request is answered once");
    std::exchange(connection_, nullptr)->answer(std::move(response));
}

void Responder::on_peer_gone(std::function<void()> gone) {
    WEIR_ASSERT(connection_ != nullptr, "a request that was answered has no peer");
    connection_->on_peer_gone(std::move(gone));
}

void Responder::abort() {
    WEIR_ASSERT(connection_ != nullptr, "a request is answered once");
    auto connection = std::exchange(connection_, nullptr);
    connection->on_peer_gone(nullptr);
    connection->close();
}

Takeover take_over(Responder responder) {
    WEIR_ASSERT(responder.connection_ != nullptr,
                "a request that was answered cannot be taken over");
    return std::exchange(responder.connection_, nullptr)->take_over();
}

}  // namespace weir::http
