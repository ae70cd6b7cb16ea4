// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/router.hpp"
#include "http/server.hpp"
#include "http/takeover.hpp"
#include "net/stream.hpp"

namespace weir::http {

class ServerCore;

/// One connection: reads a request, has it answered, reads the next.
///
/// Problem: a peer may send several requests at once (pipelining), stay silent, or leave while its
/// answer is awaited. So readiness to read is awaited all the time but while an answer is due and
/// enough is buffered already, and one deadline is always set but while a responder is out.
///
/// Threads: the io thread.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<ServerCore> core, net::Stream stream,
               const net::asio::ip::address& peer);

    void start();
    /// Closes now when no request is under way, else after its answer.
    void stop();
    /// Closes now.
    void close();

    // For Responder.
    void answer(Response response);
    void on_peer_gone(std::function<void()> gone) { peer_gone_ = std::move(gone); }
    Takeover take_over();

private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
    using Clock = std::chrono::steady_clock;

    /// reading: a request, or between two. answering: a responder is out. writing: its answer.
    /// lingering: everything sent, waiting for the peer to close. closed: the end.
    enum class State { reading, answering, writing, lingering, closed };

    void await_readable();
    void on_readable(const net::ErrorCode& error);
    void on_received(std::string_view bytes);
    void on_read_error(const net::ErrorCode& error);
    void on_peer_closed();
    void end_handshake(std::optional<HandshakeFailure> failure);
    void parse();
    bool parse_some();
    bool read_head();
    void on_header();
    void on_request();
    void continue_body();
    void refuse(unsigned status, std::string_view why);
    void write();
    void await_writable();
    void on_written(const net::ErrorCode& error);
    void linger();
    void set_deadline(std::chrono::milliseconds from_now);
    void await_deadline();
    void on_deadline();

    std::shared_ptr<ServerCore> core_;
    net::Stream stream_;
    const net::asio::ip::address peer_;
    net::Timer timer_;
    Clock::time_point deadline_ = Clock::time_point::max();
    Clock::time_point timer_due_ = Clock::time_point::max();
    State state_ = State::reading;
    bool awaiting_readable_ = false;
    bool keep_alive_ = false;
    bool shaking_;        // TLS is not agreed on yet
    std::string buffer_;  // received, not yet parsed
    std::unique_ptr<Parser> parser_;
    Request request_;
    Router::Match match_;
    std::shared_ptr<void> ticket_;
    std::function<void()> peer_gone_;
    std::string head_;
    std::string body_;
    std::shared_ptr<const std::string> shared_body_;
    std::array<std::string_view, 2> unsent_;  // of the header and the body
};

}  // namespace weir::http
