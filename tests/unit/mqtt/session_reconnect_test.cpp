// SPDX-License-Identifier: Apache-2.0
// Goal: what a session knows survives its connections: nothing that is on its way is handed over
// twice, and nothing the broker has forgotten stands in the way. Method: as in session_test.cpp.
#include "bench.hpp"

namespace weir::mqtt {
namespace {

using namespace test;
using Kind = Session::Event::Kind;

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

TEST_CASE("what another client took over is not taken for our own", "[mqtt][session]") {
    // It acknowledges our messages; what comes under their ids after that is new to everybody.
    Bench bench;
    bench.connect();
    bench.session.acknowledge(bench.message({.payload = "a", .qos = 2, .id = 1}));
    const Token waiting = bench.message({.payload = "b", .id = 2});
    bench.session.acknowledge(bench.message({.payload = "c", .id = 3}));
    bench.give(packet(0xE0, bytes({0x8E, 0})));
    bench.reconnect();
    bench.session.acknowledge(waiting);
    CHECK(bench.sent().empty());
    bench.message({.payload = "a", .qos = 2, .id = 1, .duplicate = true});
    bench.message({.payload = "b", .id = 2, .duplicate = true});
    bench.message({.payload = "c", .id = 3, .duplicate = true});
    CHECK(bench.session.stats().suppressed == 0);

    bench.reconnect();  // a loss without that word is an ordinary one
    bench.known({.payload = "a", .qos = 2, .id = 1});
    CHECK(bench.session.stats().suppressed == 1);
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
