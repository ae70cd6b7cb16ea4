// SPDX-License-Identifier: Apache-2.0
// Goal: request targets, queries and header lists are read as the RFCs say, by tables.
#include "http/target.hpp"

#include "catch.hpp"
#include "http/message.hpp"
#include "http/response_head.hpp"

using namespace weir;
using http::parse_target;
using http::percent_decode;
using http::Plus;
using http::Query;

TEST_CASE("percent escapes are decoded, broken ones and NUL refused", "[http]") {
    CHECK(percent_decode("a%20b%2Fc%c3%A9+", Plus::literal) == "a b/c\xC3\xA9+");
    CHECK(percent_decode("a+b", Plus::space) == "a b");
    CHECK(percent_decode("", Plus::space) == "");
    for (const char* bad : {"%", "%2", "a%", "%zz", "%2g", "%00", "% 1"}) {
        CAPTURE(bad);
        CHECK_FALSE(percent_decode(bad, Plus::space).has_value());
    }
}

TEST_CASE("of a parameter that comes twice the last value counts", "[http]") {
    const Query query = Query::parse("EIO=3&sid=a%3Db&EIO=4&t&=x&&b64=%zz&+k=+v");
    CHECK(query.get("EIO") == "4");
    CHECK(query.get("sid") == "a=b");
    CHECK(query.get("t") == "");
    CHECK(query.get("") == "x");
    CHECK(query.get("b64") == "%zz");
    CHECK(query.get(" k") == " v");
    CHECK_FALSE(query.get("eio").has_value());
    CHECK_FALSE(Query::parse("").get("").has_value());
}

TEST_CASE("targets are split into a decoded path and a query", "[http]") {
    const std::pair<const char*, const char*> good[] = {
        {"/", "/"},
        {"/a%20b/?x=1", "/a b/"},
        {"http://host:1/p?q=1", "/p"},
        {"/a//b/../c", "/a//b/../c"},
        {"http://host?x=1", "/"},
        {"/p?x=/y?z", "/p"},
    };
    for (const auto& [text, path] : good) {
        CAPTURE(text);
        const auto target = parse_target(text);
        REQUIRE(target.has_value());
        CHECK(target->path == path);
    }
    CHECK(parse_target("/p?x=/y?z")->query.get("x") == "/y?z");
    for (const char* bad : {"", "*", "host:443", "a/b", "/%", "http://host"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_target(bad).has_value());
    }
}

TEST_CASE("header lists and upgrade wishes ignore case and spaces", "[http]") {
    CHECK(http::list_has_token("keep-alive, Upgrade", "upgrade"));
    CHECK(http::list_has_token(" UPGRADE\t", "upgrade"));
    CHECK_FALSE(http::list_has_token("upgraded", "upgrade"));
    CHECK_FALSE(http::list_has_token("", "upgrade"));
    http::Request request;
    request.headers = {{"Connection", "keep-alive, Upgrade"}, {"UPGRADE", "WebSocket"}};
    CHECK(request.asks_upgrade("websocket"));
    request.headers.pop_back();
    CHECK_FALSE(request.asks_upgrade("websocket"));
}

TEST_CASE("an answer's header cannot be broken by a value", "[http]") {
    using std::chrono::seconds;
    CHECK(http::http_date(std::chrono::sys_seconds{seconds{784'111'777}}) ==
          "Sun, 06 Nov 1994 08:49:37 GMT");
    http::Response response{.status = 200, .content_type = "text/plain"};
    response.headers = {{"X-Good", "1"}, {"X-Bad", "1\r\nX-Evil: 1"}};
    const std::string head = http::response_head(response, 5, true);
    CHECK(head.starts_with("HTTP/1.1 200 OK\r\nDate: "));
    CHECK(head.find("X-Good: 1\r\n") != std::string::npos);
    CHECK(head.find("Evil") == std::string::npos);
    CHECK(head.ends_with("Content-Length: 5\r\nConnection: keep-alive\r\n\r\n"));
    CHECK(http::response_head({.status = 304}, 5, false).find("Content-Length") ==
          std::string::npos);
}
