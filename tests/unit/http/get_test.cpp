// SPDX-License-Identifier: Apache-2.0
// Goal: one GET gives the answer or says in bounded time why there is none. Method: the server of
// this lib, and a listener that never answers.
#include "http/get.hpp"

#include "catch.hpp"
#include "http/server.hpp"
#include "listener.hpp"

using namespace weir;
using namespace std::chrono_literals;

TEST_CASE("a GET returns status and body, whatever the status", "[http]") {
    http::Server server(http::Limits{});
    server.route("GET", "/readyz", [](const http::Request& request) {
        return http::Response{.status = 503,
                              .content_type = "application/json",
                              .body = "{\"host\":\"" + std::string(request.header("Host")) + "\"}"};
    });
    REQUIRE(server.listen({"127.0.0.1", 0}).ok());
    const net::Endpoint where{"127.0.0.1", server.port()};
    const auto answer = http::get(where, "/readyz", 5s);
    REQUIRE(answer.ok());
    CHECK(answer->status == 503);
    CHECK(answer->content_type == "application/json");
    CHECK(answer->body == "{\"host\":\"" + net::to_string(where) + "\"}");
    CHECK(http::get({"0.0.0.0", server.port()}, "/", 5s)->status == 404);
}

TEST_CASE("a GET says why there is no answer", "[http]") {
    const SilentListener silent;
    const auto late = http::get({"127.0.0.1", silent.port()}, "/", 50ms);
    REQUIRE_FALSE(late.ok());
    CHECK(late.error().message.find("no answer within 50 ms") != std::string::npos);
    CHECK_FALSE(http::get({"127.0.0.1", silent.released_port()}, "/", 5s).ok());
    CHECK_FALSE(http::get({"no-such-host.invalid", 80}, "/", 5s).ok());
}
