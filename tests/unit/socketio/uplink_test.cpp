// SPDX-License-Identifier: Apache-2.0
// Goal: a client that only sends joins, answers pings, counts acks, and lets go of a server that
// refuses it or breaks the protocol, with a reason for a person.
#include "socketio/server_url.hpp"
#include "socketio/uplink_protocol.hpp"

#include "catch.hpp"

using namespace weir::socketio;
using namespace std::chrono_literals;
using Kind = UplinkProtocol::Reaction::Kind;
using Texts = std::vector<std::string>;

namespace {

constexpr std::string_view opening =
    R"(0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000})";

/// A connection that has opened; what it answered to that is left out.
struct Opened {
    explicit Opened(const Texts& nsps, std::string auth = {}) : protocol(nsps, std::move(auth)) {
        REQUIRE(protocol.receive(opening, answers).kind == Kind::none);
        answers.clear();
    }
    UplinkProtocol::Reaction receive(std::string_view message) {
        return protocol.receive(message, answers);
    }

    UplinkProtocol protocol;
    Texts answers;
};

}  // namespace

TEST_CASE("all namespaces are joined before events may be sent", "[socketio][uplink]") {
    UplinkProtocol protocol({"/live", "/"}, R"({"token":"t"})");
    Texts answers;
    CHECK_FALSE(protocol.silence_max());
    CHECK(protocol.receive(opening, answers).kind == Kind::none);
    CHECK(answers == Texts{R"(40{"token":"t"})", R"(40/live,{"token":"t"})"});
    CHECK(protocol.silence_max() == 45'000ms);
    CHECK(protocol.message_bytes_max() == 1000);
    CHECK(protocol.receive(R"(40/live,{"sid":"a"})", answers).kind == Kind::none);
    CHECK(protocol.receive(R"(40{"sid":"b"})", answers).kind == Kind::joined);
    CHECK(answers.size() == 2);
}

TEST_CASE("pings are answered and events passed over", "[socketio][uplink]") {
    Opened opened({"/"});
    CHECK(opened.receive("2").kind == Kind::none);
    CHECK(opened.answers == Texts{"3"});
    for (const char* message :
         {"42[\"emit\",{}]", "42/other,17[\"a\"]", "451-[\"b\",{\"_placehol", "6", "3"}) {
        CAPTURE(message);
        CHECK(opened.receive(message).kind == Kind::none);
    }
    CHECK(opened.answers.size() == 1);
    const auto ack = opened.receive("43/live,17[\"taken\",1]");
    CHECK((ack.kind == Kind::ack && ack.ack == 17));
    const auto binary = opened.receive(R"(461-18[{"_placeholder":true,"num":0}])");
    CHECK((binary.kind == Kind::ack && binary.ack == 18));
}

TEST_CASE("a server that is of no use is left with a reason", "[socketio][uplink]") {
    const std::pair<const char*, const char*> bad[] = {
        {"", "unknown packet"},
        {"7", "unknown packet"},
        {"4", "empty packet"},
        {"49", "unknown packet"},
        {"1", "closed the connection"},
        {"41/live,", "disconnected us"},
        {"40/other,{\"sid\":\"a\"}", "nobody asked for"},
        {"40[]", "CONNECT that cannot be read"},
        {"43[]", "ack that cannot be read"},
        {"43x", "ack that cannot be read"},
        {opening.data(), "second opening"},
        {R"(44{"message":"Members only"})", "into the namespace /: Members only"},
        {R"(44/live,{"message":"Not \u00e9"})", "into the namespace /live: Not \xC3\xA9"},
        {"44/live", "into the namespace /live: no reason"},
        {"44", "into the namespace /: no reason"},
        {"44{\"message\":{}}", "no reason"},
    };
    for (const auto& [message, reason] : bad) {
        CAPTURE(message);
        Opened opened({"/live"});
        const auto reaction = opened.receive(message);
        CHECK(reaction.kind == Kind::over);
        CHECK(reaction.why.find(reason) != std::string::npos);
    }
}

TEST_CASE("a server must open first, and say its times", "[socketio][uplink]") {
    for (const char* message :
         {"2", "40", "42[\"a\"]", "0", "0[]", "0{}", R"(0{"pingInterval":25000})",
          R"(0{"pingInterval":0,"pingTimeout":1})", R"(0{"pingInterval":"1","pingTimeout":1})",
          R"(0{"pingInterval":9000000000000000000,"pingTimeout":1})"}) {
        CAPTURE(message);
        UplinkProtocol protocol({"/"}, "");
        Texts answers;
        CHECK(protocol.receive(message, answers).kind == Kind::over);
        CHECK(answers.empty());
    }
    UplinkProtocol old({"/"}, "");
    Texts answers;
    CHECK(old.receive(R"(0{"pingInterval":1,"pingTimeout":2})", answers).kind == Kind::none);
    CHECK(old.message_bytes_max() == 1'000'000);
}

TEST_CASE("an event is one message", "[socketio][uplink]") {
    CHECK(uplink_message("/", "emit", "{}", {}) == R"(42["emit",{}])");
    CHECK(uplink_message("/live", "a\"b", "1,[2]", 7) == R"(42/live,7["a\"b",1,[2]])");
}

TEST_CASE("a server's URL is read as written, without its namespace", "[socketio][uplink]") {
    const std::pair<const char*, const char*> good[] = {
        {"http://localhost", "http://localhost:80/socket.io/"},
        {"http://localhost:5000/", "http://localhost:5000/socket.io/"},
        {"https://example.org", "https://example.org:443/socket.io/"},
        {"http://[::1]/a/b", "http://[::1]:80/a/b/"},
        {"https://[::1]:8443/a/", "https://[::1]:8443/a/"},
    };
    for (const auto& [text, expected] : good) {
        CAPTURE(text);
        const auto url = ServerUrl::parse(text);
        REQUIRE(url.ok());
        CHECK(url->text() == expected);
        CHECK(*ServerUrl::parse(url->text()) == *url);
    }
    for (const char* bad : {"", "localhost:5000", "ws://h", "http://", "http:///a", "http://h:0",
                            "http://h:x", "http://::1", "http://h/a b", "http://h/a?b",
                            "http://h/#", "http://h/a\r\n", "http://u@h:1:2/"}) {
        CAPTURE(bad);
        CHECK_FALSE(ServerUrl::parse(bad).ok());
    }
}
