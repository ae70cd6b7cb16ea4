// SPDX-License-Identifier: Apache-2.0
// Goal: a page of another origin gets in when it is listed, and only then.
#include "socketio/cors.hpp"

#include "catch.hpp"

using namespace weir;
using namespace weir::socketio;

namespace {

http::Request from(std::string origin, std::string method = "GET") {
    http::Request request;
    request.method = std::move(method);
    request.headers = {{"Host", "emitter.example:5000"}};
    if (!origin.empty()) request.headers.push_back({"Origin", std::move(origin)});
    return request;
}

std::string headers(const CorsOptions& cors, const http::Request& request) {
    http::Response response;
    add_cors_headers(cors, request, response);
    std::string text;
    for (const auto& [name, value] : response.headers)
        text.append(name).append(": ").append(value).append("\n");
    return text;
}

const std::string ours = "https://ours.example";
const std::string theirs = "https://theirs.example";

}  // namespace

TEST_CASE("an origin is told that it may read when it is listed", "[socketio]") {
    CHECK(headers({}, from(ours)).empty());
    CHECK(headers({.origins = {"*"}}, from(theirs)) == "Access-Control-Allow-Origin: *\n");
    const CorsOptions listed{.origins = {"https://other.example", "HTTPS://ours.example"}};
    CHECK(headers(listed, from(ours)) ==
          "Vary: Origin\nAccess-Control-Allow-Origin: https://ours.example\n");
    CHECK(headers(listed, from(theirs)) == "Vary: Origin\n");
    CHECK(headers(listed, from("")) == "Vary: Origin\n");
}

TEST_CASE("with credentials the origin is echoed, never the wildcard", "[socketio]") {
    CHECK(headers({.origins = {"*"}, .credentials = true}, from(theirs)) ==
          "Vary: Origin\nAccess-Control-Allow-Origin: https://theirs.example\n"
          "Access-Control-Allow-Credentials: true\n");
}

TEST_CASE("WebSockets are for our own pages, listed ones, and clients that are no browsers",
          "[socketio]") {
    const CorsOptions none;
    CHECK(is_origin_allowed(none, from("")));
    CHECK(is_origin_allowed(none, from("http://emitter.example:5000")));
    CHECK(is_origin_allowed(none, from("https://Emitter.example:5000")));
    for (const char* origin : {"http://emitter.example", "https://ours.example", "null", "x",
                               "http://emitter.example:5000.evil.example"}) {
        CAPTURE(origin);
        CHECK_FALSE(is_origin_allowed(none, from(origin)));
        CHECK(is_origin_allowed({.origins = {"*"}}, from(origin)));
    }
    CHECK(is_origin_allowed({.origins = {ours}}, from(ours)));
    CHECK_FALSE(is_origin_allowed({.origins = {ours}}, from(theirs)));
}

TEST_CASE("a preflight is ours to answer when there are origins", "[socketio]") {
    CHECK_FALSE(is_preflight({}, from(ours, "OPTIONS")));
    CHECK_FALSE(is_preflight({.origins = {ours}}, from(ours, "GET")));
    CHECK(is_preflight({.origins = {ours}}, from(ours, "OPTIONS")));
    auto request = from(ours, "OPTIONS");
    request.headers.push_back({"Access-Control-Request-Headers", "x-one, x-two"});
    const auto answer = preflight_answer(request);
    CHECK(answer.status == 204);
    CHECK(answer.headers.back().value == "x-one, x-two");
}
