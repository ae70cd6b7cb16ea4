// SPDX-License-Identifier: Apache-2.0
// Goal: the promises of the session: acknowledgements in order and only when asked for, nothing
// handed over twice that the session knows, nothing forgotten. Method: a broker of hand-written
// bytes and a clock moved by hand.
#include "mqtt/session.hpp"

#include <random>

#include "bytes.hpp"
#include "catch.hpp"

namespace weir::mqtt {
namespace {

using namespace test;
using namespace std::chrono_literals;
using Kind = Session::Event::Kind;

/// A session and the broker's end of its connection.
struct Bench {
    explicit Bench(Version version_ = Version::v5, std::size_t unacknowledged_max = 100)
        : version(version_), session(options(version_, unacknowledged_max)) {}

    static SessionOptions options(Version version, std::size_t unacknowledged_max) {
        SessionOptions options;
        options.client_id = "bridge";
        options.version = version;
        options.keep_alive = 60s;
        options.subscriptions = {{"t/+", Qos::exactly_once}};
        options.unacknowledged_max = unacknowledged_max;
        return options;
    }

    Session::Event give(const std::string& stream) {
        const auto frame = take_frame(stream, 1'000'000);
        REQUIRE(frame.ok());
        REQUIRE(frame->has_value());
        const auto event = session.receive(**frame, now);
        REQUIRE(event.ok());
        return *event;
    }
    unsigned refuse(const std::string& stream) {
        const auto frame = take_frame(stream, 1'000'000);
        REQUIRE(frame.ok());
        const auto event = session.receive(**frame, now);
        REQUIRE_FALSE(event.ok());
        return event.error().reason;
    }
    Token message(PublishBytes publish_bytes) {
        publish_bytes.v5 = version == Version::v5;
        const Session::Event event = give(publish(publish_bytes));
        REQUIRE(event.kind == Kind::message);
        return event.token;
    }
    void known(PublishBytes publish_bytes) {
        publish_bytes.v5 = version == Version::v5;
        publish_bytes.duplicate = true;
        CHECK(give(publish(publish_bytes)).kind == Kind::none);
    }
    std::string sent() { return std::exchange(session.output(), {}); }
    void connect(unsigned session_present = 0) {
        session.open(now);
        const bool v5 = version == Version::v5;
        const auto event = give(v5 ? connack5(session_present) : connack311(session_present));
        if (event.kind == Kind::connected) give(v5 ? suback5(bytes({2})) : suback311(bytes({2})));
        sent();
    }
    void reconnect(unsigned session_present = 1) {
        session.lost();
        connect(session_present);
    }

    Version version;
    Session session;
    Session::Time now{};
};

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
    CHECK(granted.text == "t/+ is granted at QoS 0 only");

    Bench short_lived;
    short_lived.session.open(short_lived.now);
    const auto connected = short_lived.give(connack5(0, 0, bytes({0x11, 0, 0, 0, 60})));
    CHECK(connected.kind == Kind::connected);
    CHECK(connected.text == "the broker keeps an absent client's session for 60 s only");

    Bench ended;
    ended.connect();
    const auto goodbye = ended.give(packet(0xE0, bytes({0x8E, 0})));
    CHECK(goodbye.kind == Kind::ended);
    CHECK(goodbye.text == "session taken over by another client with the same id");
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

TEST_CASE("a QoS 2 id awaiting release survives a reconnect with its session", "[mqtt][session]") {
    Bench bench;
    bench.connect();
    bench.session.acknowledge(bench.message({.qos = 2, .id = 5}));
    bench.reconnect();
    bench.known({.qos = 2, .id = 5});
    CHECK(bench.sent() == pubrec(5));
    bench.give(pubrel(5));
    CHECK(bench.sent() == pubcomp(5));

    bench.session.acknowledge(bench.message({.qos = 2, .id = 6}));
    bench.reconnect(0);
    CHECK(bench.session.stats().sessions_lost == 1);
    bench.message({.qos = 2, .id = 6, .duplicate = true});  // another session's id: a new message
}

TEST_CASE("what is sent again after a reconnect finds its place", "[mqtt][session]") {
    for (const unsigned qos : {1U, 2U}) {
        Bench bench;
        bench.connect();
        const Token first = bench.message({.payload = "a", .qos = qos, .id = 1});
        const Token second = bench.message({.payload = "b", .qos = qos, .id = 2});
        const Token third = bench.message({.payload = "c", .qos = qos, .id = 3});
        bench.session.acknowledge(second);
        bench.session.lost();
        bench.session.acknowledge(first);  // while there is no connection
        CHECK(bench.sent().empty());
        bench.connect(1);
        const auto answer = [&](unsigned id) { return qos == 1 ? puback(id) : pubrec(id); };
        bench.known({.payload = "a", .qos = qos, .id = 1});
        CHECK(bench.sent() == answer(1));
        bench.known({.payload = "b", .qos = qos, .id = 2});
        CHECK(bench.sent() == answer(2));
        bench.known({.payload = "c", .qos = qos, .id = 3});
        CHECK(bench.sent().empty());
        bench.session.acknowledge(third);
        CHECK(bench.sent() == answer(3));
        CHECK(bench.session.stats().suppressed == 3);
        CHECK(bench.session.stats().duplicates == 0);
        CHECK(bench.session.unacknowledged() == 0);
    }
}

TEST_CASE("two reconnects in a row keep the places", "[mqtt][session]") {
    Bench bench;
    bench.connect();
    const Token token = bench.message({.payload = "a", .id = 1});
    bench.reconnect();
    bench.reconnect();
    bench.known({.payload = "a", .id = 1});
    bench.reconnect();
    bench.known({.payload = "a", .id = 1});
    bench.session.acknowledge(token);
    CHECK(bench.sent() == puback(1));
}

TEST_CASE("an id with another content, or not marked, is another message", "[mqtt][session]") {
    Bench bench;
    bench.connect();
    const Token lost_one = bench.message({.payload = "a", .id = 1});
    const Token lost_two = bench.message({.payload = "b", .id = 2});
    bench.reconnect();
    const Token other = bench.message({.payload = "x", .id = 1, .duplicate = true});
    const Token fresh = bench.message({.payload = "b", .id = 2, .duplicate = false});
    CHECK(bench.session.stats().duplicates == 1);
    CHECK(bench.session.unacknowledged() == 4);
    bench.session.acknowledge(lost_one);
    bench.session.acknowledge(lost_two);
    CHECK(bench.sent().empty());
    bench.session.acknowledge(other);
    bench.session.acknowledge(fresh);
    CHECK(bench.sent() == puback(1) + puback(2));
    CHECK(bench.session.unacknowledged() == 0);
}

TEST_CASE("the same id twice in one connection is two messages", "[mqtt][session]") {
    // mosquitto 2.0.11 overruns the receive maximum, so ids can come round in a long queue.
    Bench bench;
    bench.connect();
    const Token first = bench.message({.payload = "a", .id = 1});
    const Token second = bench.message({.payload = "b", .id = 1});
    bench.reconnect();
    bench.known({.payload = "a", .id = 1});
    bench.known({.payload = "b", .id = 1});
    bench.session.acknowledge(second);
    CHECK(bench.sent().empty());
    bench.session.acknowledge(first);
    CHECK(bench.sent() == puback(1) + puback(1));
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

TEST_CASE("a lost session is counted and its places forgotten", "[mqtt][session]") {
    Bench bench;
    bench.connect();
    const Token waiting = bench.message({.payload = "a", .id = 1});
    const Token done = bench.message({.payload = "b", .id = 2});
    bench.session.acknowledge(done);
    bench.reconnect(0);
    CHECK(bench.session.stats().sessions_lost == 1);
    CHECK(bench.session.unacknowledged() == 1);  // the caller still works on it
    const Token again = bench.message({.payload = "a", .id = 1, .duplicate = true});
    bench.session.acknowledge(waiting);
    CHECK(bench.sent().empty());
    bench.session.acknowledge(again);
    CHECK(bench.sent() == puback(1));
}

TEST_CASE("a first connection without a session has lost nothing", "[mqtt][session]") {
    Bench bench;
    bench.connect(0);
    CHECK(bench.session.stats().sessions_lost == 0);
    bench.reconnect(1);
    CHECK(bench.session.stats().sessions_lost == 0);
}

TEST_CASE("MQTT 3.1.1 subscribes again only when the broker has forgotten us", "[mqtt][session]") {
    Bench bench(Version::v3_1_1);
    bench.connect();
    bench.session.lost();
    bench.session.open(bench.now);
    bench.sent();
    CHECK(bench.give(connack311(1)).kind == Kind::subscribed);
    CHECK(bench.sent().empty());
    bench.session.lost();
    bench.session.open(bench.now);
    bench.sent();
    CHECK(bench.give(connack311(0)).kind == Kind::connected);
    CHECK(bench.sent().substr(0, 1) == bytes({0x82}));
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

TEST_CASE("a full session still connects, and keeps what it holds", "[mqtt][session]") {
    Bench bench(Version::v5, 2);
    bench.connect();
    const Token first = bench.message({.id = 1});
    bench.message({.id = 2});
    CHECK(bench.session.full());
    bench.session.lost();
    bench.session.open(bench.now);
    CHECK_FALSE(bench.session.full());
    bench.give(connack5(1));
    CHECK(bench.session.full());
    bench.session.acknowledge(first);
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

TEST_CASE("many reconnects of a forgetful broker do not pile up places", "[mqtt][session]") {
    Bench bench(Version::v5, 10);
    bench.connect();
    for (unsigned round = 0; round < 1'000; ++round) {
        const Token blocked = bench.message({.payload = "x", .id = 1});
        for (unsigned id = 2; id <= 9; ++id)
            bench.session.acknowledge(
                bench.message({.payload = std::to_string(round), .id = round * 9 % 60'000 + id}));
        bench.session.acknowledge(blocked);
        bench.reconnect();
    }
    CHECK(bench.session.unacknowledged() == 0);
}

}  // namespace
}  // namespace weir::mqtt
