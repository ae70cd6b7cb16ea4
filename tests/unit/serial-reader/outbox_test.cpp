// SPDX-License-Identifier: Apache-2.0
//
// Goal: only what is answered without a hole is released, and what was not taken is sent again in
// order. Method: cases by hand, and random answers against a broker that is a list; the seed is
// printed.
#include "outbox.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

#include "catch.hpp"

using weir::EventTime;
using weir::serial_reader::Outbox;
using weir::serial_reader::Sequence;

namespace {

constexpr auto taken = Outbox::Answer::taken;
constexpr auto not_taken = Outbox::Answer::not_taken;

EventTime time_of(Sequence sequence) { return EventTime(std::chrono::seconds(sequence)); }

void send(Outbox& outbox, int count) {
    for (int i = 0; i < count; ++i) {
        const auto next = outbox.next();
        REQUIRE(next.has_value());
        outbox.sent(*next, time_of(*next));
    }
}

Sequence released_by(Outbox& outbox, Sequence first, Outbox::Answer answer) {
    const auto released = outbox.answered(first, answer);
    return released ? released->sequence : 0;
}

}  // namespace

TEST_CASE("at most the limit is in flight", "[outbox]") {
    Outbox outbox(7, {}, 2);
    CHECK(outbox.next() == Sequence{7});
    send(outbox, 2);
    CHECK(outbox.in_flight() == 2);
    CHECK_FALSE(outbox.next().has_value());
    outbox.answered(7, taken);
    CHECK(outbox.next() == Sequence{9});
}

TEST_CASE("answers release what they leave no hole before", "[outbox]") {
    Outbox outbox(1, {}, 10);
    send(outbox, 3);
    CHECK(released_by(outbox, 2, taken) == 0);
    const auto released = outbox.answered(1, taken);
    REQUIRE(released.has_value());
    CHECK(released->sequence == 3);
    CHECK(released->time == time_of(2));
    CHECK(released_by(outbox, 3, taken) == 4);
}

TEST_CASE("a gap is released as a whole and keeps the time of the reading before it", "[outbox]") {
    Outbox outbox(1, {}, 10);
    send(outbox, 1);
    outbox.sent(90, std::nullopt);
    CHECK(outbox.next() == Sequence{91});
    outbox.answered(2, taken);
    const auto released = outbox.answered(1, taken);
    REQUIRE(released.has_value());
    CHECK(released->sequence == 91);
    CHECK(released->time == time_of(1));
}

TEST_CASE("after a failure it goes back once all answers are in", "[outbox]") {
    Outbox outbox(1, {}, 10);
    send(outbox, 4);
    CHECK(released_by(outbox, 1, taken) == 2);
    CHECK(released_by(outbox, 2, not_taken) == 0);
    CHECK_FALSE(outbox.next().has_value());
    CHECK(released_by(outbox, 3, taken) == 0);
    CHECK_FALSE(outbox.next().has_value());
    CHECK(released_by(outbox, 4, not_taken) == 0);
    CHECK(outbox.next() == Sequence{2});
    CHECK(outbox.in_flight() == 0);
    send(outbox, 3);
    for (const Sequence sequence : {2U, 3U, 4U})
        outbox.answered(sequence, taken);
    CHECK(outbox.next() == Sequence{5});
}

TEST_CASE("the time before the next message goes back with it", "[outbox]") {
    // A gap that was sent again told the time of a reading after it as the one before it.
    Outbox outbox(5, time_of(4), 10);
    CHECK(outbox.time_before_next() == time_of(4));
    send(outbox, 1);
    outbox.sent(7, std::nullopt);
    CHECK(outbox.time_before_next() == time_of(5));
    send(outbox, 1);
    CHECK(outbox.time_before_next() == time_of(8));
    outbox.answered(5, taken);
    outbox.answered(6, not_taken);
    outbox.answered(8, taken);
    CHECK(outbox.next() == Sequence{6});
    CHECK(outbox.time_before_next() == time_of(5));
}

TEST_CASE("whatever the broker answers, nothing is released that did not arrive", "[outbox]") {
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    constexpr Sequence last = 500;
    Outbox outbox(1, {}, 16);
    std::vector<Sequence> broker;
    std::vector<Sequence> in_flight;
    Sequence released = 1;
    while (released <= last) {
        const auto next = outbox.next();
        if (next && *next <= last && random() % 2 == 0) {
            outbox.sent(*next, time_of(*next));
            in_flight.push_back(*next);
        } else if (!in_flight.empty()) {
            const std::size_t at = random() % in_flight.size();
            const Sequence sequence = in_flight[at];
            in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(at));
            const bool arrived = random() % 8 != 0;
            if (arrived || random() % 2 == 0) broker.push_back(sequence);
            if (const auto moved = outbox.answered(sequence, arrived ? taken : not_taken)) {
                REQUIRE(moved->sequence > released);
                for (; released < moved->sequence; ++released)
                    REQUIRE(std::count(broker.begin(), broker.end(), released) > 0);
            }
        }
    }
    CHECK(outbox.next() == last + 1);
}
