// SPDX-License-Identifier: Apache-2.0
// Goal: a snapshot has what a newcomer needs and no more: the last of each running result, every
// final one, within age, count and size.
#include "history.hpp"

#include "catch.hpp"
#include "positions.hpp"

using namespace weir;
using namespace weir::emitter;
using std::chrono::milliseconds;

namespace {

const Relay windows{"out", "window", "/live", Shape::raw};
const Relay partials{"part", "partial", "/live", Shape::raw};
const Relay others{"out2", "window", "/live", Shape::raw};

/// Value and meta are one number each, so that a snapshot can be read.
Outgoing outgoing(int value, Finality finality = Finality::none, std::string slot = "",
                  std::int64_t timestamp_ms = 1000) {
    return {.value = std::to_string(value),
            .meta = "0",
            .timestamp_ms = timestamp_ms,
            .finality = finality,
            .slot = std::move(slot)};
}

History history(HistoryLimits limits = {}) { return History({"window", "partial"}, limits); }

constexpr milliseconds now{2000};

}  // namespace

TEST_CASE("a snapshot lists events oldest first and forgets other events", "[emitter]") {
    History kept = history();
    CHECK(kept.snapshot() == R"({"window":[],"partial":[]})");
    kept.add(windows, outgoing(1), now);
    kept.add(partials, outgoing(2), now);
    kept.add(windows, outgoing(3), now);
    kept.add({"late", "late", "/live", Shape::raw}, outgoing(4), now);
    CHECK(kept.snapshot() == R"({"window":[[1,0],[3,0]],"partial":[[2,0]]})");
    CHECK(kept.keeps("partial"));
    CHECK_FALSE(kept.keeps("late"));
    const auto version = kept.version();
    kept.expire(now);
    CHECK(kept.version() == version);
}

TEST_CASE("a snapshot may have only some keys", "[emitter]") {
    History kept = history();
    int value = 0;
    for (const char* key : {"a", "b", "", "a"}) {
        Outgoing event = outgoing(++value);
        event.key = key;
        kept.add(windows, event, now);
    }
    CHECK(kept.snapshot({"a", "c"}) == R"({"window":[[1,0],[4,0]],"partial":[]})");
    CHECK(kept.snapshot({""}) == R"({"window":[[3,0]],"partial":[]})");
    CHECK(kept.snapshot({}) == R"({"window":[],"partial":[]})");
    // Also when some have gone.
    kept.expire(milliseconds{902'000});
    CHECK(kept.snapshot({"a", "", "b"}) == R"({"window":[],"partial":[]})");
    Outgoing running = outgoing(5, Finality::running, "slot");
    running.key = "a";
    kept.add(partials, running, now);
    running.value = "6";
    kept.add(partials, running, now);
    CHECK(kept.snapshot({"a"}) == R"({"window":[],"partial":[[6,0]]})");
}

TEST_CASE("of running results the last counts, and none once the final one is there", "[emitter]") {
    History kept = history();
    kept.add(partials, outgoing(1, Finality::running, "d w1"), now);
    kept.add(partials, outgoing(2, Finality::running, "d w1"), now);
    kept.add(partials, outgoing(3, Finality::running, "d w2"), now);
    CHECK(kept.snapshot() == R"({"window":[],"partial":[[2,0],[3,0]]})");
    kept.add(windows, outgoing(4, Finality::final_result, "d w1"), now);
    CHECK(kept.snapshot() == R"({"window":[[4,0]],"partial":[[3,0]]})");
    kept.add(partials, outgoing(5, Finality::running, "d w1"), now);  // read late, from its topic
    CHECK(kept.snapshot() == R"({"window":[[4,0]],"partial":[[3,0]]})");
    kept.add(windows, outgoing(6, Finality::final_result, "d w1"), now);  // a revision
    CHECK(kept.snapshot() == R"({"window":[[6,0]],"partial":[[3,0]]})");
    kept.add(others, outgoing(7, Finality::final_result, "d w1"), now);  // of another aggregate
    CHECK(kept.snapshot() == R"({"window":[[6,0],[7,0]],"partial":[[3,0]]})");
}

TEST_CASE("what is beyond age, count or size goes, the oldest first", "[emitter]") {
    History by_age = history({.age_max = milliseconds{500}});
    by_age.add(windows, outgoing(1, Finality::final_result, "w1", 1400), milliseconds{1500});
    by_age.add(windows, outgoing(2, Finality::final_result, "w2", 1600), milliseconds{1700});
    by_age.expire(milliseconds{1950});
    CHECK(by_age.snapshot() == R"({"window":[[2,0]],"partial":[]})");
    by_age.expire(milliseconds{9000});
    CHECK(by_age.records() == 0);
    CHECK(by_age.bytes() == 0);
    by_age.add(partials, outgoing(3, Finality::running, "w1", 9000), milliseconds{9000});
    CHECK(by_age.records() == 1);  // the expired final result of w1 is forgotten

    History by_count = history({.records_max = 2});
    for (int i = 1; i <= 4; ++i)
        by_count.add(windows, outgoing(i), now);
    CHECK(by_count.snapshot() == R"({"window":[[3,0],[4,0]],"partial":[]})");

    History by_size = history({.bytes_max = 12});
    for (int i = 1; i <= 4; ++i)
        by_size.add(windows, outgoing(i), now);
    CHECK(by_size.snapshot() == R"({"window":[[3,0],[4,0]],"partial":[]})");
    CHECK(by_size.bytes() == 10);

    History nothing = history({.records_max = 0});
    nothing.add(windows, outgoing(1), now);
    CHECK(nothing.records() == 0);
}

TEST_CASE("the past ends where each partition ended at the start", "[emitter]") {
    const kafka::TopicPartition p0{"t", Partition{0}};
    const kafka::TopicPartition p1{"t", Partition{1}};
    const kafka::TopicPartition p2{"t", Partition{2}};
    Positions positions;
    positions.add(p0, Offset{5}, Offset{7});
    positions.add(p1, Offset{3}, Offset{3});
    positions.add(p2, Offset{0}, Offset{9});
    CHECK_FALSE(positions.caught_up());
    CHECK_FALSE(positions.read(p0, Offset{5}));
    CHECK_FALSE(positions.read(p0, Offset{6}));
    CHECK(positions.read(p0, Offset{7}));
    CHECK(positions.read(p1, Offset{3}));
    CHECK_FALSE(positions.caught_up());
    positions.reached_end(p2, Offset{9});  // the last offsets are markers that nobody is shown
    CHECK(positions.caught_up());
    CHECK(positions.next().at(2).offset == Offset{9});
    CHECK(positions.partitions("t") == 3);
    CHECK(positions.partitions("u") == 0);
}

TEST_CASE("a log that was cut is read within what it has", "[emitter]") {
    const kafka::TopicPartition where{"t", Partition{0}};
    Positions positions;
    positions.add(where, Offset{5}, Offset{100});
    positions.clamp(where, {Offset{40}, Offset{120}});
    CHECK(positions.next().at(0).offset == Offset{40});
    CHECK_FALSE(positions.caught_up());
    positions.clamp(where, {Offset{0}, Offset{2}});  // the topic was made anew
    CHECK(positions.next().at(0).offset == Offset{2});
    CHECK(positions.caught_up());
}
