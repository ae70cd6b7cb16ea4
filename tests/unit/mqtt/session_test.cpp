// SPDX-License-Identifier: Apache-2.0
// Goal: the promises of the session: acknowledgements in order and only when asked for, nothing
// handed over twice that the session knows, nothing forgotten. Method: a broker of hand-written
// bytes and a clock moved by hand.
#include "mqtt/session.hpp"

#include <random>

#include "bench.hpp"

namespace weir::mqtt {
namespace {

using namespace test;
using namespace std::chrono_literals;
using Kind = Session::Event::Kind;

TEST_CASE("a session says CONNECT, then SUBSCRIBE, then works", "[mqtt][session]") {
    Bench bench;
    bench.session.open(bench.now);
    const std::string connect = bench.sent();
    CHECK(connect.substr(0, 1) == bytes({0x10}));
    CHECK(connect.find("bridge") != std::string::npos);
    CHECK(bench.give(connack5()).kind == Kind::connected);
    CHECK(bench.sent().substr(0, 1) == bytes({0x82}));
    CHECK(bench.give(suback5(bytes({2}))).kind == Kind::subscribed);
    CHECK(bench.sent().empty());
}

TEST_CASE("a refusal is told in words", "[mqtt][session]") {
    Bench five;
    five.session.open(five.now);
    const auto refused = five.give(connack5(0, 0x87, bytes({0x1F}) + text("no such user")));
    CHECK(refused.kind == Kind::refused);
    CHECK(refused.text == "not authorized (no such user)");

    Bench older(Version::v3_1_1);
    older.session.open(older.now);
    CHECK(older.give(connack311(0, 4)).text == "bad user name or password");

    Bench filter;
    filter.session.open(filter.now);
    filter.give(connack5());
    const auto denied = filter.give(suback5(bytes({0x87})));
    CHECK(denied.kind == Kind::refused);
    CHECK(denied.text == "subscribing to t/+: not authorized");

    Bench weaker;
    weaker.session.open(weaker.now);
    weaker.give(connack5());
    const auto granted = weaker.give(suback5(bytes({0})));
    CHECK(granted.kind == Kind::subscribed);
    CHECK(granted.text ==
          "t/+ is granted at QoS 0 only and loses messages whenever a connection breaks: raise the "
          "broker's limit (mosquitto: max_qos) or our rights");

    Bench short_lived;
    short_lived.session.open(short_lived.now);
    const auto connected = short_lived.give(connack5(0, 0, bytes({0x11, 0, 0, 0, 60})));
    CHECK(connected.kind == Kind::connected);
    CHECK(connected.text ==
          "the broker keeps an absent client's session for 60 s only, and what it holds is lost "
          "after that: raise its limit above the longest outage");

    Bench ended;
    ended.connect();
    const auto goodbye = ended.give(packet(0xE0, bytes({0x8E, 0})));
    CHECK(goodbye.kind == Kind::ended);
    CHECK(goodbye.text == "session taken over by another client with the same id");
}

TEST_CASE("a broker that says what it cannot do is not asked for it", "[mqtt][session]") {
    const auto refusal = [](SessionOptions options, const std::string& properties) {
        Session session(std::move(options));
        session.open({});
        session.output().clear();
        const std::string stream = connack5(0, 0, properties);
        const auto frame = take_frame(stream, 1'000);
        const auto event = session.receive(**frame, {});
        REQUIRE(event.ok());
        CHECK((event->kind == Kind::refused) == session.output().empty());
        return event->kind == Kind::refused ? event->text : std::string();
    };
    const std::string no_wildcards = bytes({0x28, 0});
    const std::string no_shares = bytes({0x2A, 0});
    const std::string small_packets = bytes({0x27, 0, 0, 0, 10});
    SessionOptions options = Bench::options(Version::v5, 100);
    CHECK(refusal(options, no_wildcards).find("wildcard subscriptions, which t/+ is") !=
          std::string::npos);
    CHECK(refusal(options, no_shares).empty());
    CHECK(refusal(options, bytes({0x28, 1, 0x2A, 1})).empty());
    CHECK(refusal(options, bytes({0x27, 0, 0, 0, 11})).empty());
    CHECK(refusal(options, small_packets) ==
          "the broker takes packets of 10 bytes, and SUBSCRIBE with all filters has 11: raise its "
          "limit or subscribe to fewer filters");
    options.subscriptions = {{"a", Qos::at_least_once}, {"$share/weir/b", Qos::at_least_once}};
    CHECK(refusal(options, no_wildcards).empty());
    CHECK(refusal(options, no_shares).find("which $share/weir/b is") != std::string::npos);
}

TEST_CASE("every filter that is granted at a lower QoS is named", "[mqtt][session]") {
    SessionOptions options = Bench::options(Version::v5, 100);
    options.subscriptions = {
        {"a", Qos::exactly_once}, {"b", Qos::at_least_once}, {"c", Qos::at_least_once}};
    Session session(options);
    session.open({});
    const std::string connack = connack5();
    REQUIRE(session.receive(**take_frame(connack, 1'000), {}).ok());
    const std::string suback = suback5(bytes({1, 1, 0}));
    const auto event = session.receive(**take_frame(suback, 1'000), {});
    REQUIRE(event.ok());
    CHECK(event->kind == Kind::subscribed);
    CHECK(event->text.starts_with("a is granted at QoS 1 only, c is granted at QoS 0 only and"));
}

TEST_CASE("old filters of a session that was kept are taken back", "[mqtt][session]") {
    for (const Version version : {Version::v5, Version::v3_1_1}) {
        const bool v5 = version == Version::v5;
        const std::string properties = v5 ? bytes({0}) : std::string();
        const std::string unsubscribe =
            packet(0xA2, two_bytes(2) + properties + text("old/+") + text("older"));
        Bench bench(version);
        SessionOptions options = Bench::options(version, 100);
        options.unsubscribe = {"old/+", "older"};
        bench.session = Session(options);
        bench.session.open(bench.now);
        bench.sent();
        bench.give(v5 ? connack5(1) : connack311(1));
        CHECK(bench.sent().starts_with(unsubscribe));
        bench.give(v5 ? suback5(bytes({2})) : suback311(bytes({2})));
        const auto done = bench.give(v5 ? unsuback5(bytes({0, 0x11})) : unsuback311());
        CHECK(done.kind == Kind::unsubscribed);
        CHECK(done.text.empty());
        if (v5) {
            CHECK(bench.give(unsuback5(bytes({0, 0x87}))).text ==
                  "unsubscribing from older: not authorized");
            CHECK(bench.refuse(unsuback5(bytes({0}))) == 0x82);
        }
        bench.reconnect(1);
        bench.session.lost();
        bench.session.open(bench.now);
        bench.sent();
        bench.give(v5 ? connack5(0) : connack311(0));
        CHECK(bench.sent().find("old") == std::string::npos);  // a new session has none
    }
    Bench none;
    none.connect(1);
    CHECK(none.refuse(unsuback5()) == 0x82);
}

TEST_CASE("a broker that does not answer SUBSCRIBE in time is noticed", "[mqtt][session]") {
    using Pulse = Session::Pulse;
    for (const auto keep_alive : {0s, 60s}) {
        Bench bench;
        SessionOptions options = Bench::options(Version::v5, 100);
        options.keep_alive = keep_alive;
        options.answer_max = 10s;
        bench.session = Session(options);
        bench.session.open(bench.now);
        bench.give(connack5());
        CHECK(bench.session.tick(bench.now + 10s, true) == Pulse::fine);
        bench.now += 9s;
        CHECK(bench.session.tick(bench.now, false) == Pulse::fine);  // not read meanwhile
        CHECK(bench.session.tick(bench.now + 10s, true) == Pulse::fine);
        CHECK(bench.session.tick(bench.now + 11s, true) == Pulse::not_subscribed);
        bench.give(suback5(bytes({2})));
        CHECK(bench.session.tick(bench.now + 11s, true) == Pulse::fine);
        bench.session.lost();
        bench.session.open(bench.now + 20s);
        CHECK(bench.session.tick(bench.now + 40s, true) == Pulse::fine);  // CONNACK is others' care
    }
}

TEST_CASE("a broker that breaks the protocol is told so", "[mqtt][session]") {
    Bench early;
    early.session.open(early.now);
    CHECK(early.refuse(publish({})) == 0x82);
    Bench twice;
    twice.connect();
    CHECK(twice.refuse(connack5()) == 0x82);
    CHECK(twice.refuse(packet(0x90, two_bytes(2) + bytes({0, 1}))) == 0x82);
    CHECK(twice.refuse(suback5(bytes({1, 1}))) == 0x82);
    twice.session.close(0x81);
    CHECK(twice.sent() == bytes({0xE0, 1, 0x81}));
}

TEST_CASE("QoS 0 is answered with nothing and still counts as held", "[mqtt][session]") {
    Bench bench;
    bench.connect();
    const Token token = bench.message({.qos = 0});
    CHECK(bench.session.unacknowledged() == 1);
    bench.session.acknowledge(token);
    CHECK(bench.session.unacknowledged() == 0);
    CHECK(bench.sent().empty());
    CHECK(bench.session.stats().received[0] == 1);
}

TEST_CASE("acknowledgements leave in the order of arrival, whatever is done first",
          "[mqtt][session]") {
    for (const Version version : {Version::v5, Version::v3_1_1}) {
        Bench bench(version);
        bench.connect();
        const Token first = bench.message({.id = 10});
        const Token second = bench.message({.qos = 2, .id = 11});
        const Token third = bench.message({.id = 12});
        CHECK(bench.sent().empty());
        bench.session.acknowledge(third);
        bench.session.acknowledge(second);
        CHECK(bench.sent().empty());
        bench.session.acknowledge(first);
        CHECK(bench.sent() == puback(10) + pubrec(11) + puback(12));
    }
}

TEST_CASE("any order of finishing gives the order of arrival", "[mqtt][session]") {
    for (unsigned seed = 0; seed < 50; ++seed) {
        Bench bench;
        bench.connect();
        std::mt19937 random(seed);
        std::vector<Token> open;
        std::string expected;
        for (unsigned id = 1; id <= 60; ++id) {
            const unsigned qos = 1 + random() % 2;
            open.push_back(bench.message({.payload = std::to_string(id), .qos = qos, .id = id}));
            expected += qos == 1 ? puback(id) : pubrec(id);
        }
        std::shuffle(open.begin(), open.end(), random);
        std::string sent;
        for (const Token token : open) {
            bench.session.acknowledge(token);
            sent += bench.sent();
            CHECK(expected.starts_with(sent));
        }
        CHECK(sent == expected);
        CHECK(bench.session.unacknowledged() == 0);
    }
}

TEST_CASE("QoS 2 goes through release and completion", "[mqtt][session]") {
    Bench bench;
    bench.connect();
    bench.session.acknowledge(bench.message({.qos = 2, .id = 5}));
    CHECK(bench.sent() == pubrec(5));
    bench.known({.qos = 2, .id = 5});  // our PUBREC was not heard
    CHECK(bench.sent() == pubrec(5));
    bench.give(pubrel(5));
    CHECK(bench.sent() == pubcomp(5));
    bench.give(pubrel(5));
    CHECK(bench.sent() == bytes({0x70, 3, 0, 5, 0x92}));
    bench.message({.qos = 2, .id = 5});  // a new message under the freed id
    CHECK(bench.session.stats().suppressed == 1);
}

TEST_CASE("all 65,535 ids come round without confusion", "[mqtt][session]") {
    Bench bench;
    bench.connect();
    std::deque<Token> open;
    for (unsigned i = 0; i < 150'000; ++i) {
        const unsigned id = i % 65'535 + 1;
        open.push_back(bench.message({.payload = std::to_string(i), .id = id}));
        if (open.size() < 50) continue;
        bench.session.acknowledge(open.front());
        open.pop_front();
        const unsigned expected = (i - 49) % 65'535 + 1;
        if (bench.sent() != puback(expected)) FAIL("acknowledged out of turn at message " << i);
    }
    CHECK(bench.session.stats().acknowledged == 150'000 - 49);
}

TEST_CASE("a full session wants no more until half of it is done", "[mqtt][session]") {
    Bench bench(Version::v5, 4);
    bench.connect();
    std::vector<Token> open;
    for (unsigned id = 1; id <= 4; ++id) {
        CHECK_FALSE(bench.session.full());
        open.push_back(bench.message({.qos = id % 2, .id = id}));
    }
    CHECK(bench.session.full());
    bench.session.acknowledge(open[3]);
    CHECK(bench.session.full());
    bench.session.acknowledge(open[2]);
    CHECK_FALSE(bench.session.full());
}

TEST_CASE("large messages fill the session by their bytes", "[mqtt][session]") {
    SessionOptions options = Bench::options(Version::v5, 100);
    options.unacknowledged_bytes_max = Bytes{10'000};
    Bench bench;
    bench.session = Session(options);
    bench.connect();
    const Token first = bench.message({.payload = std::string(6'000, 'x'), .id = 1});
    CHECK_FALSE(bench.session.full());
    const Token second = bench.message({.payload = std::string(6'000, 'x'), .id = 2});
    CHECK(bench.session.full());
    bench.session.acknowledge(first);
    CHECK(bench.session.full());
    bench.session.acknowledge(second);
    CHECK_FALSE(bench.session.full());
}

TEST_CASE("pings are sent in time and a silent broker is noticed", "[mqtt][session]") {
    Bench bench;
    bench.connect();
    bench.now += 59s;
    CHECK(bench.session.tick(bench.now, true) == Session::Pulse::fine);
    CHECK(bench.sent().empty());
    bench.now += 1s;
    CHECK(bench.session.tick(bench.now, true) == Session::Pulse::fine);
    CHECK(bench.sent() == bytes({0xC0, 0}));
    bench.now += 29s;
    bench.give(packet(0xD0, ""));
    bench.now += 20s;  // the next ping, 45 s after the first
    CHECK(bench.session.tick(bench.now, true) == Session::Pulse::fine);
    CHECK(bench.sent() == bytes({0xC0, 0}));
    bench.now += 20s;
    bench.message({.qos = 0});  // a sign of life
    bench.now += 20s;
    CHECK(bench.session.tick(bench.now, true) == Session::Pulse::fine);
    bench.now += 11s;
    CHECK(bench.session.tick(bench.now, true) == Session::Pulse::broker_silent);
}

TEST_CASE("a broker is not blamed for answers that nobody reads", "[mqtt][session]") {
    Bench bench;
    bench.connect();
    for (int i = 0; i < 100; ++i) {
        bench.now += 10s;
        CHECK(bench.session.tick(bench.now, false) == Session::Pulse::fine);
    }
    CHECK_FALSE(bench.sent().empty());
    bench.now += 29s;
    CHECK(bench.session.tick(bench.now, true) == Session::Pulse::fine);
}

TEST_CASE("the broker's own keep-alive is obeyed, and 0 sends no pings", "[mqtt][session]") {
    Bench bench;
    bench.session.open(bench.now);
    bench.give(connack5(0, 0, bytes({0x13, 0, 0})));
    bench.give(suback5(bytes({2})));
    bench.sent();
    bench.now += 1h;
    CHECK(bench.session.tick(bench.now, true) == Session::Pulse::fine);
    CHECK(bench.sent().empty());
}

TEST_CASE("a keep-alive of the broker's that is shorter than ours counts from the first ping on",
          "[mqtt][session]") {
    // The first ping came after our own 60 s, and a broker drops a silent client after 15 s of 10.
    Bench bench;
    bench.session.open(bench.now);
    bench.give(connack5(0, 0, bytes({0x13, 0, 10})));
    bench.give(suback5(bytes({2})));
    bench.sent();
    bench.now += 10s;
    CHECK(bench.session.tick(bench.now, true) == Session::Pulse::fine);
    CHECK(bench.sent() == bytes({0xC0, 0}));
}

TEST_CASE("the age of the oldest message is known", "[mqtt][session]") {
    Bench bench;
    bench.connect();
    CHECK_FALSE(bench.session.oldest());
    const Session::Time start = bench.now;
    const Token first = bench.message({.id = 1});
    bench.now += 5s;
    bench.message({.id = 2});
    CHECK(bench.session.oldest() == start);
    bench.session.lost();
    bench.session.acknowledge(first);
    CHECK(bench.session.oldest() == start + 5s);
}

}  // namespace
}  // namespace weir::mqtt
