// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "http/message.hpp"
#include "net/endpoint.hpp"

namespace boost::asio {
class io_context;
}

namespace weir::net {
class TlsServer;
}

namespace weir::http {

class Connection;
struct Takeover;  // http/takeover.hpp, for those who switch protocols

/// What one server will hold and wait for. A peer that goes beyond is answered where HTTP has a
/// status for it (408, 413, 431, 503) and closed.
struct Limits {
    std::size_t connections_max = 1024;  ///< open at once; more get 503, or over TLS are closed
    /// TLS handshakes that are not done yet. OpenSSL takes up to 180 KiB for one, so beyond it new
    /// connections wait with the kernel.
    std::size_t handshakes_max = 1024;
    /// Those of one peer; more are closed. 0: no limit.
    std::size_t handshakes_per_address_max = 0;
    std::size_t header_bytes_max = 16 * 1024;  ///< request line and header, or a chunk's header
    std::size_t body_bytes_max = 64 * 1024;    ///< a request's body, chunks joined
    /// From a request's first byte to its blank line; from a connection's start to its first byte,
    /// the TLS handshake included.
    std::chrono::milliseconds header_max{10'000};
    std::chrono::milliseconds body_max{30'000};   ///< from there to the body's end
    std::chrono::milliseconds idle_max{65'000};   ///< between requests on a kept connection
    std::chrono::milliseconds write_max{30'000};  ///< to hand an answer to the kernel
    std::chrono::milliseconds stop_max{5'000};    ///< stop(): for answers that are under way
};

/// Why a TLS handshake did not come to its end.
enum class HandshakeFailure : std::uint8_t {
    gone,        ///< the peer left
    timeout,     ///< it took too long
    refused,     ///< one of the two did not want the other, or what came was no TLS
    plain_http,  ///< the peer spoke HTTP without TLS, and was told so
};
constexpr std::size_t handshake_failure_count = 4;

std::string_view name(HandshakeFailure failure);

/// Counters of a server, readable from any thread while it runs.
struct ServerStats {
    std::atomic<std::uint64_t> connections{0};          ///< open now
    std::atomic<std::uint64_t> requests{0};             ///< answered or taken over, since the start
    std::atomic<std::uint64_t> refused_connections{0};  ///< beyond connections_max and its like
    std::atomic<std::uint64_t> bad_requests{0};         ///< not HTTP, too large or too slow
    std::atomic<std::uint64_t> handshakes{0};           ///< of TLS, under way
    std::array<std::atomic<std::uint64_t>, handshake_failure_count> failed_handshakes{};
};

/// The right and the duty to answer one request.
///
/// Problem: a long-polling answer comes later than the call that asks for it, and the asker may be
/// gone by then. The holder answers when it can, and may ask to be told when the peer leaves.
///
/// Threads:  the server's io thread only.
/// Lifetime: may outlive the connection; then send() does nothing. Destroyed unanswered it sends
///           500, so that no client waits for ever.
class Responder {
public:
    explicit Responder(std::shared_ptr<Connection> connection);
    Responder(Responder&&) noexcept = default;
    Responder& operator=(Responder&& other) noexcept;
    ~Responder();

    /// Answers, once; the responder is empty afterwards.
    void send(Response response);

    /// Calls `gone` at most once, when the peer closes or resets before the answer.
    void on_peer_gone(std::function<void()> gone);

    /// Closes the connection without an answer.
    void abort();

    /// True until answered, aborted or moved from.
    explicit operator bool() const { return connection_ != nullptr; }

private:
    friend Takeover take_over(Responder);
    std::shared_ptr<Connection> connection_;
};

/// What a mounted handler says when it has seen the header and the body is still to come.
struct Admission {
    /// Answered at once, and the body is not read.
    std::optional<Response> refusal = {};
    /// Held until the handler is called or the connection is gone.
    std::shared_ptr<void> ticket = {};
};

/// A small HTTP/1.1 server (RFC 9110, RFC 9112), plain or over TLS: keep-alive, pipelining, chunked
/// bodies, HEAD, Expect: 100-continue; no compression, no ranges.
///
/// Problem: every service answers health checks, one of them serves browsers by the thousand. One
/// thread suffices for both as long as nothing blocks and everything a peer can make grow is
/// bounded.
///
/// Threads:  handlers run on the io thread and must not block. stop(), stats() and use_tls() from
///           any thread, everything else before listen().
/// Lifetime: with a thread of its own, the destructor stops it. On a given io_context the
///           connections live on in it until they are closed; handlers must live as long.
/// Ordering: on one connection answers leave in the order of the requests.
class Server {
public:
    using Handler = std::function<Response(const Request&)>;
    using AsyncHandler = std::function<void(Request, Responder)>;
    using Admit = std::function<Admission(const Request&)>;
    using Decorator = std::function<void(const Request&, Response&)>;

    /// A server with a thread of its own, started by listen().
    explicit Server(Limits limits = {});
    /// A server on a context that one thread runs.
    Server(boost::asio::io_context& context, Limits limits);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Answers `method` on exactly `path`. GET answers HEAD too; another method gets 405.
    void route(std::string method, std::string path, Handler handler);

    /// Answers everything under `prefix` that no route matches; the longest prefix wins. `admit`,
    /// when given, sees each request before its body is read.
    void mount(std::string prefix, AsyncHandler handler, Admit admit = nullptr);

    /// Lets `decorator` add to every answer under `prefix`, errors included.
    void decorate(std::string prefix, Decorator decorator);

    /// Takes new connections over TLS from now on; with another certificate than before if called
    /// again. Those that are open stay as they are.
    void use_tls(std::shared_ptr<const net::TlsServer> tls);

    /// Binds and listens, once; on return the port accepts.
    /// Errors: a sentence with the address and what failed (unknown host, port in use ...).
    [[nodiscard]] Result<void> listen(const net::Endpoint& endpoint);

    /// The port it listens on; tells which one was picked for port 0.
    std::uint16_t port() const;

    /// Stops accepting, closes idle connections, lets answers under way finish within stop_max.
    /// With a thread of its own, returns when that has ended (so never call it from a handler).
    void stop();

    const ServerStats& stats() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::http
