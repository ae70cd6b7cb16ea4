// SPDX-License-Identifier: Apache-2.0
// Goal: the server keeps HTTP's promises on a real socket, and its limits. Each case starts a
// server with a thread of its own on a free port and speaks raw bytes to it.
#include "http/server.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <future>
#include <optional>
#include <thread>

#include "../net/certificate.hpp"
#include "catch.hpp"
#include "client.hpp"
#include "http/takeover.hpp"
#include "net/tls_server.hpp"

using namespace weir;
using namespace std::chrono_literals;
using http::Request;
using http::Responder;
using http::Response;

namespace {

const net::Endpoint any_port{"127.0.0.1", 0};

Response echo(const Request& request) {
    return {.content_type = "text/plain", .body = request.method + " " + request.body};
}

void start(http::Server& server) {
    server.route("GET", "/hello", [](const Request&) { return Response{.body = "world"}; });
    server.route("POST", "/echo", echo);
    server.decorate("/", [](const Request& request, Response& response) {
        response.headers.push_back({"X-Path", request.path});
    });
    REQUIRE(server.listen(any_port).ok());
}

std::string body_of(const std::string& response) {
    return response.substr(response.find("\r\n\r\n") + 4);
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("requests on one connection are answered in order, pipelined or not", "[http]") {
    http::Server server;
    start(server);
    Client client(server.port());
    client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(body_of(client.read_response()) == "world");
    client.send(
        "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\none"
        "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nt\r\n2\r\nwo\r\n0\r\n\r\n"
        "GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n");
    CHECK(body_of(client.read_response()) == "POST one");
    CHECK(body_of(client.read_response()) == "POST two");
    const std::string last = client.read_response();
    CHECK(has(last, "Connection: close"));
    CHECK(client.closed_by_peer());
    CHECK(server.stats().requests == 4);
}

TEST_CASE("a request may come byte by byte", "[http]") {
    http::Server server;
    start(server);
    Client client(server.port());
    for (const char c : std::string_view("POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"))
        client.send({&c, 1});
    CHECK(body_of(client.read_response()) == "POST ab");
}

TEST_CASE("unknown paths get 404, other methods 405 with Allow, HEAD no body", "[http]") {
    http::Server server;
    start(server);
    Client client(server.port());
    client.send("GET /nowhere HTTP/1.1\r\n\r\nDELETE /hello HTTP/1.1\r\n\r\n");
    CHECK(has(client.read_response(), "HTTP/1.1 404 Not Found"));
    const std::string refused = client.read_response();
    CHECK(has(refused, "HTTP/1.1 405 Method Not Allowed"));
    CHECK(has(refused, "Allow: GET, HEAD\r\n"));
    client.send("HEAD /hello HTTP/1.1\r\n\r\n");
    CHECK(has(client.read_until("\r\n\r\n"), "Content-Length: 5"));
    client.send("GET /hello HTTP/1.0\r\n\r\n");
    const std::string old = client.read_response();
    CHECK(old.starts_with("HTTP/1.1 200 OK"));
    CHECK(has(old, "Connection: close"));
}

TEST_CASE("what is not HTTP or beyond a limit gets its status and the connection ends", "[http]") {
    http::Server server({.header_bytes_max = 256, .body_bytes_max = 8});
    start(server);
    const std::string long_header =
        "GET /hello HTTP/1.1\r\nX: " + std::string(300, 'x') + "\r\n\r\n";
    const std::string endless_chunk = "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::pair<std::string, const char*> cases[] = {
        {"what is this\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported"},
        {"nothing\r\n\r\n", "HTTP/1.1 400 Bad Request"},
        {"GET * HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
        {"GET /hello HTTP/1.1\r\nbroken\r\n\r\n", "HTTP/1.1 400 Bad Request"},
        {long_header, "HTTP/1.1 431 Request Header Fields Too Large"},
        {"POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\n123456789",
         "HTTP/1.1 413 Payload Too Large"},
        {"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n",
         "HTTP/1.1 413 Payload Too Large"},
        {endless_chunk + "1;" + std::string(300, 'x'),
         "HTTP/1.1 431 Request Header Fields Too Large"},
        {endless_chunk + std::string(300, '0'), "HTTP/1.1 431 Request Header Fields Too Large"},
        {endless_chunk + "0\r\nX: " + std::string(300, 'x'),
         "HTTP/1.1 431 Request Header Fields Too Large"},
    };
    for (const auto& [bytes, status] : cases) {
        CAPTURE(bytes);
        Client client(server.port());
        client.send(bytes);
        const std::string response = client.read_response();
        CHECK(response.starts_with(status));
        CHECK(has(response, "Connection: close"));
        CHECK(client.closed_by_peer());
    }
    CHECK(server.stats().bad_requests == std::size(cases));
}

TEST_CASE("an error after the header is decorated like any answer", "[http]") {
    http::Server server({.body_bytes_max = 8});
    start(server);
    Client client(server.port());
    client.send("POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\n");
    CHECK(has(client.read_response(), "X-Path: /echo\r\n"));
}

TEST_CASE("a client that waits for 100 Continue is told to go on", "[http]") {
    http::Server server;
    start(server);
    Client client(server.port());
    client.send("POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    CHECK(body_of(client.read_response()) == "POST ok");
}

TEST_CASE("slow requests get 408, idle connections are closed", "[http]") {
    http::Server server({.header_max = 50ms, .body_max = 50ms, .idle_max = 50ms});
    start(server);
    Client slow_header(server.port());
    slow_header.send("GET /hel");
    CHECK(has(slow_header.read_response(), "HTTP/1.1 408 Request Timeout"));
    Client slow_body(server.port());
    slow_body.send("POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\na");
    CHECK(has(slow_body.read_response(), "HTTP/1.1 408 Request Timeout"));
    Client idle(server.port());
    idle.send("GET /hello HTTP/1.1\r\n\r\n");
    CHECK(has(idle.read_response(), "200 OK"));
    CHECK(idle.closed_by_peer());
    Client silent(server.port());
    CHECK(silent.closed_by_peer());
}

TEST_CASE("connections beyond the limit get 503", "[http]") {
    http::Server server({.connections_max = 1});
    start(server);
    Client first(server.port());
    first.send("GET /hello HTTP/1.1\r\n\r\n");
    CHECK(has(first.read_response(), "200 OK"));
    Client second(server.port());
    CHECK(has(second.read_response(), "HTTP/1.1 503 Service Unavailable"));
    CHECK(server.stats().refused_connections == 1);
}

TEST_CASE("an asynchronous answer may come later, and its peer may leave before", "[http]") {
    http::Server server;
    std::promise<void> gone;
    std::optional<Responder> waiting;
    server.mount("/wait", [&](const Request&, Responder responder) {
        responder.on_peer_gone([&] {
            waiting.reset();
            gone.set_value();
        });
        waiting.emplace(std::move(responder));
    });
    server.mount("/wait/answer", [&](const Request&, Responder responder) {
        waiting->send({.body = "late"});
        waiting.reset();
        responder.send({.body = "done"});
    });
    server.mount("/drop", [](const Request&, Responder) {});
    server.mount("/abort", [](const Request&, Responder responder) { responder.abort(); });
    REQUIRE(server.listen(any_port).ok());

    Client poller(server.port());
    Client other(server.port());
    poller.send("GET /wait HTTP/1.1\r\n\r\nGET /wait HTTP/1.1\r\n\r\n");
    while (server.stats().connections < 2)
        std::this_thread::yield();
    other.send("GET /drop HTTP/1.1\r\n\r\n");
    CHECK(has(other.read_response(), "HTTP/1.1 500"));
    other.send("GET /wait/answer HTTP/1.1\r\n\r\n");
    CHECK(body_of(other.read_response()) == "done");
    CHECK(body_of(poller.read_response()) == "late");
    poller.finish_sending();  // while its second request waits
    CHECK(gone.get_future().wait_for(5s) == std::future_status::ready);
    CHECK(poller.closed_by_peer());
    other.send("GET /abort HTTP/1.1\r\n\r\n");
    CHECK(other.closed_by_peer());
}

TEST_CASE("a mount may refuse before the body, and its ticket ends with the request", "[http]") {
    http::Server server;
    std::weak_ptr<void> ticket;
    std::atomic<bool> held_in_handler = true;
    server.mount(
        "/",
        [&](const Request&, Responder responder) {
            held_in_handler = !ticket.expired();
            responder.send({.body = "taken"});
        },
        [&](const Request& request) -> http::Admission {
            if (request.query.get("bad")) return {.refusal = Response{.status = 403, .body = "no"}};
            auto held = std::make_shared<int>(0);
            ticket = held;
            return {.ticket = held};
        });
    REQUIRE(server.listen(any_port).ok());
    Client refused(server.port());
    refused.send("POST /?bad=1 HTTP/1.1\r\nContent-Length: 1000\r\n\r\n");
    CHECK(has(refused.read_response(), "HTTP/1.1 403 Forbidden"));
    CHECK(refused.closed_by_peer());
    Client client(server.port());
    client.send("GET /?bad=1 HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n1");
    CHECK(has(client.read_response(), "HTTP/1.1 403 Forbidden"));
    CHECK(body_of(client.read_response()) == "taken");
    CHECK_FALSE(held_in_handler);
}

TEST_CASE("a handler may take the connection over", "[http]") {
    http::Server server;
    server.mount("/up", [](const Request& request, Responder responder) {
        const bool asked = request.asks_upgrade("echo");
        http::Takeover taken = http::take_over(std::move(responder));
        std::string answer = asked ? taken.received : "not asked";
        net::ErrorCode error;
        taken.stream.write_some(std::array{iovec{answer.data(), answer.size()}}, error);
    });
    REQUIRE(server.listen(any_port).ok());
    Client client(server.port());
    client.send("GET /up HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nraw bytes");
    CHECK(client.read_until("bytes") == "raw bytes");
    CHECK(client.closed_by_peer());
    CHECK(server.stats().connections == 0);
}

TEST_CASE("over TLS peers that do not shake hands are counted, and plain HTTP is told", "[http]") {
    const SelfSigned files;
    const auto tls = net::TlsServer::load(files.cert, files.key);
    http::Server server({.header_max = 100ms});
    server.use_tls(*tls);
    start(server);
    const auto failed = [&](http::HandshakeFailure why) {
        return server.stats().failed_handshakes[std::size_t(why)].load();
    };
    Client plain(server.port());
    plain.send("GET /hello HTTP/1.1\r\n\r\n");
    CHECK(body_of(plain.read_response()) == "this port speaks HTTPS, not HTTP\n");
    CHECK(plain.closed_by_peer());
    CHECK(failed(http::HandshakeFailure::plain_http) == 1);
    Client other(server.port());
    other.send("SSH-2.0-OpenSSH\r\n");
    CHECK(other.closed_by_peer());
    CHECK(failed(http::HandshakeFailure::refused) == 1);
    Client leaves(server.port());
    leaves.finish_sending();
    CHECK(leaves.closed_by_peer());
    CHECK(failed(http::HandshakeFailure::gone) == 1);
    Client silent(server.port());
    CHECK(silent.closed_by_peer());
    CHECK(failed(http::HandshakeFailure::timeout) == 1);
    CHECK(server.stats().requests == 1);
}

TEST_CASE("connections wait while too many handshakes are under way", "[http]") {
    const SelfSigned files;
    const auto tls = net::TlsServer::load(files.cert, files.key);
    boost::asio::io_context context;
    http::Server server(context, {.handshakes_max = 1});
    server.use_tls(*tls);
    start(server);
    const auto serve = [&] {
        for (int turn = 0; turn < 10; ++turn)
            context.poll();
    };
    std::optional<Client> silent(server.port());
    std::optional<Client> waiting(server.port());
    waiting->send("GET /hello HTTP/1.1\r\n\r\n");
    serve();
    CHECK(server.stats().connections == 1);
    CHECK(server.stats().handshakes == 1);
    silent.reset();
    serve();
    CHECK(has(waiting->read_response(), "400 Bad Request"));
    CHECK(server.stats().handshakes == 0);
    waiting.reset();
    server.stop();
    serve();
}

TEST_CASE("a port that is taken is named in the error", "[http]") {
    http::Server first;
    REQUIRE(first.listen(any_port).ok());
    http::Server second;
    const auto listening = second.listen({"127.0.0.1", first.port()});
    REQUIRE_FALSE(listening.ok());
    CHECK(has(listening.error().message, "127.0.0.1:" + std::to_string(first.port())));
    CHECK(has(listening.error().message, "Address already in use"));
    http::Server third;
    CHECK(has(third.listen({"no-such-host.invalid", 1}).error().message, "no-such-host.invalid:1"));
}

TEST_CASE("a stop closes idle connections and lets the others be answered", "[http]") {
    http::Server server({.stop_max = 100ms});
    std::promise<void> asked;
    std::optional<Responder> waiting;
    server.mount("/wait", [&](const Request&, Responder responder) {
        waiting.emplace(std::move(responder));
        asked.set_value();
    });
    REQUIRE(server.listen(any_port).ok());
    Client idle(server.port());
    Client busy(server.port());
    busy.send("GET /wait HTTP/1.1\r\n\r\n");
    asked.get_future().wait();
    server.stop();
    CHECK(idle.closed_by_peer());
    CHECK(busy.closed_by_peer());
    CHECK(server.stats().connections == 0);
    CHECK_THROWS(Client(server.port()));
}
