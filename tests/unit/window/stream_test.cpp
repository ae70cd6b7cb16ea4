// SPDX-License-Identifier: Apache-2.0
// Goal: the exact words of windows, one rule per case, and the facts of the system that was
// replaced.
#include "window/stream.hpp"

#include <functional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "json/number.hpp"

using namespace weir;
using namespace weir::window;
using namespace std::chrono_literals;

namespace {

constexpr EventTime noon = std::chrono::sys_days{std::chrono::year{2024} / 10 / 7} + 12h;

Options options(FieldType type = FieldType::float32) {
    return {.size = 15s,
            .grace = 15s,
            .aggregates = *Aggregates::compile({{"average", Function::mean, 0, type}})};
}

/// A row that outlives its visit.
struct Kept {
    std::string key;
    EventTime start;
    double value;
    std::uint64_t records;

    friend bool operator==(const Kept&, const Kept&) = default;
};

/// Feeds a stream one record after the other.
class Feed {
public:
    explicit Feed(Options options) : stream(std::move(options)) {}

    Verdict operator()(EventTime time, double value, std::string_view key = "device1") {
        const Input input = Input::of_number(value);
        return stream.take({Offset{offset++}, time, key, {&input, 1}}, keep());
    }

    void drain() {
        while (stream.due())
            stream.close_due(SIZE_MAX, keep());
    }

    std::function<void(const Row&)> keep() {
        return [this](const Row& row) {
            rows.push_back(
                {std::string(row.key), row.window.start, row.values[0].float64, row.records});
        };
    }

    Stream stream;
    std::int64_t offset = 0;
    std::vector<Kept> rows;
};

double mean_of(std::initializer_list<double> values) {
    Feed feed(options());
    for (const double value : values)
        feed(noon, value);
    REQUIRE(*feed.stream.quiet_close(noon + 15s));
    feed.drain();
    REQUIRE(feed.rows.size() == 1);
    return feed.rows[0].value;
}

}  // namespace

TEST_CASE("means have the digits of the system that was replaced", "[window]") {
    CHECK(json::round_half_up(mean_of({863.85, 863.853}), 3) == 863.852);
    CHECK(mean_of({863.85, 1.1}) == 432.4749878048897);
    CHECK(json::round_half_up(mean_of({863.85, 1.1}), 3) == 432.475);
    CHECK(json::round_half_up(mean_of({1.0005, 1.0005}), 3) == 1.0);
    CHECK(json::round_half_up(mean_of({0.1, 0.2, 0.3}), 3) == 0.2);
}

TEST_CASE("a record within the grace counts although a later window has begun", "[window]") {
    Feed feed(options());
    CHECK(feed(noon + 1s, 10.0).fate == Fate::used);
    CHECK(feed(noon + 16s, 99.0).fate == Fate::used);
    CHECK(feed(noon + 5s, 30.0).fate == Fate::used);
    CHECK(feed.rows.empty());
    feed(noon + 30s, 1.0);
    REQUIRE(feed.rows.size() == 1);
    CHECK(feed.rows[0] == Kept{"device1", noon, 20.0, 2});
}

TEST_CASE("a window takes records until the first one at or after its end and grace", "[window]") {
    Feed feed(options());
    feed(noon, 1.0);
    feed(noon + 15s, 2.0);
    feed(noon + 30s - 1us, 3.0);
    CHECK(feed.rows.empty());
    CHECK(feed.stream.watermark() == noon + 15s - 1us);
    feed(noon + 14s, 3.0);
    feed(noon + 30s, 4.0);
    REQUIRE(feed.rows.size() == 1);
    CHECK(feed.rows[0] == Kept{"device1", noon, 2.0, 2});
    const Verdict verdict = feed(noon + 15s - 1us, 5.0);
    CHECK(verdict.fate == Fate::late);
    CHECK(verdict.window == Window{noon, noon + 15s});
    CHECK(verdict.watermark == noon + 15s);
    CHECK(verdict.late_by == 0us);
    CHECK(feed(noon + 15s, 5.0).fate == Fate::used);
    feed(noon + 90s, 1.0);
    CHECK(feed(noon + 20s, 5.0).late_by == 45s);
}

TEST_CASE("windows are half open and start at multiples of their size since 1970", "[window]") {
    CHECK(tumbling_window(EventTime{}, 15s) == Window{EventTime{}, EventTime{15s}});
    CHECK(tumbling_window(noon - 1us, 15s) == Window{noon - 15s, noon});
    CHECK(tumbling_window(noon, 15s) == Window{noon, noon + 15s});
    CHECK(tumbling_window(EventTime{8s}, 7s) == Window{EventTime{7s}, EventTime{14s}});
    // No time zone and no summer time: a day's window starts at midnight UTC.
    CHECK(tumbling_window(noon, 24h) == Window{noon - 12h, noon + 12h});
}

TEST_CASE("without grace a window closes with the first record beyond it", "[window]") {
    Options no_grace = options();
    no_grace.grace = 0s;
    Feed feed(no_grace);
    feed(noon, 1.0);
    feed(noon + 15s, 2.0);
    CHECK(feed.rows.size() == 1);
    CHECK(feed(noon + 14s, 9.0).fate == Fate::late);
}

TEST_CASE("rows come by window end, then in the order the keys came", "[window]") {
    Feed feed(options());
    feed(noon + 16s, 1.0, "c");
    feed(noon + 1s, 1.0, "b");
    feed(noon + 2s, 1.0, "a");
    feed(noon + 17s, 1.0, "a");
    feed(noon + 3s, 1.0, "b");
    feed(noon + 3600s, 1.0, "z");
    std::string order;
    for (const Kept& row : feed.rows)
        order += row.key + std::to_string((row.start - noon) / 1s) + " ";
    CHECK(order == "b0 a0 c15 a15 ");
    CHECK(feed.stream.open_windows() == 1);
}

TEST_CASE("a quiet close moves the watermark to the end of what it closes and no further",
          "[window]") {
    Feed feed(options());
    CHECK_FALSE(*feed.stream.quiet_close(noon + 24h));
    feed(noon + 1s, 1.0);
    feed(noon + 20s, 1.0);
    CHECK_FALSE(*feed.stream.quiet_close(noon + 15s - 1us));
    CHECK(feed.stream.next_rows() == noon + 15s);
    CHECK(*feed.stream.quiet_close(noon + 29s));
    CHECK(feed.stream.watermark() == noon + 15s);
    feed.drain();
    CHECK(feed.rows.size() == 1);
    CHECK(feed(noon + 2s, 1.0).fate == Fate::late);
    CHECK(feed(noon + 20s, 1.0).fate == Fate::used);
    CHECK(*feed.stream.quiet_close(noon + 1h));
    CHECK(feed.stream.watermark() == noon + 30s);
    feed.drain();
    CHECK_FALSE(feed.stream.next_rows());
    CHECK_FALSE(*feed.stream.quiet_close(noon + 24h));
}

TEST_CASE("a quiet close that a checkpoint has no room for is refused with a reason", "[window]") {
    Options tight = options();
    tight.checkpoint_bytes_max = 130;
    Feed feed(tight);
    feed(noon + 1s, 1.0);
    const auto refused = feed.stream.quiet_close(noon + 15s);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message.find("130 are allowed") != std::string::npos);
    CHECK(feed.stream.watermark() == noon - 14s);
    CHECK_FALSE(feed.stream.due());
}

TEST_CASE("a bounded close shows the rest of the rows later and the checkpoint says where",
          "[window]") {
    Feed feed(options());
    for (const char* key : {"a", "b", "c"})
        feed(noon, 1.0, key);
    feed.stream.reach(Offset{3});
    const Input input = Input::of_number(1.0);
    feed.stream.add({Offset{3}, noon + 1h, "a", {&input, 1}});
    REQUIRE(feed.stream.due());
    CHECK(feed.stream.checkpoint(Offset{4}).cursor == CloseCursor{noon + 15s, Offset{0}});
    CHECK(feed.stream.close_due(2, feed.keep()) == 2);
    CHECK(feed.stream.due());
    const Checkpoint checkpoint = feed.stream.checkpoint(Offset{4});
    CHECK(checkpoint.replay_from == Offset{0});
    CHECK(checkpoint.cursor == CloseCursor{noon + 15s, Offset{2}});
    CHECK(feed.stream.close_due(2, feed.keep()) == 1);
    CHECK_FALSE(feed.stream.due());
    CHECK(feed.stream.checkpoint(Offset{4}).replay_from == Offset{3});
}

TEST_CASE("open windows that changed are shown as partial rows, each change once", "[window]") {
    Feed feed(options());
    feed(noon, 1.0, "a");
    feed(noon + 16s, 5.0, "a");
    feed(noon, 3.0, "b");
    feed(noon, 2.0, "a");
    const auto visit = [&](std::size_t rows_max) {
        std::string seen;
        feed.stream.visit_changed(rows_max, [&](const Row& row) {
            CHECK(row.finality == Finality::partial);
            seen += std::string(row.key) + "=" +
                    std::to_string(row.values[0].float64).substr(0, 3) + " ";
        });
        return seen;
    };
    CHECK(visit(2) == "a=1.5 b=3.0 ");
    CHECK(visit(2) == "a=5.0 ");
    CHECK(visit(2).empty());
    feed(noon, 4.0, "b");
    CHECK(visit(2) == "b=3.5 ");
    feed(noon, 4.0, "b");
    CHECK(*feed.stream.quiet_close(noon + 15s));
    CHECK(visit(2).empty());
}

TEST_CASE("a full stream takes what needs no room or makes some", "[window]") {
    Options small = options();
    small.open_windows_max = 2;
    Feed feed(small);
    feed(noon, 1.0, "a");
    CHECK_FALSE(feed.stream.full());
    feed(noon, 1.0, "b");
    CHECK(feed.stream.full());
    CHECK(feed(noon, 1.0, "c").fate == Fate::full);
    CHECK(feed.stream.open_windows() == 2);
    CHECK(feed(noon, 3.0, "a").fate == Fate::used);
    CHECK(feed(noon + 15s, 1.0, "a").fate == Fate::full);
    CHECK(feed(noon + 30s, 1.0, "c").fate == Fate::used);
    CHECK(feed.rows.size() == 2);
    CHECK(feed.stream.open_windows() == 1);
}

TEST_CASE("a refused record can be offered again", "[window]") {
    Options small = options();
    small.open_windows_max = 1;
    Feed feed(small);
    feed(noon, 1.0, "a");
    CHECK(feed(noon, 1.0, "b").fate == Fate::full);
    feed.offset -= 1;
    CHECK(feed(noon, 1.0, "b").fate == Fate::full);
    CHECK(*feed.stream.quiet_close(noon + 15s));
    feed.drain();
    feed.offset -= 1;
    CHECK(feed(noon + 15s, 1.0, "b").fate == Fate::used);
}

TEST_CASE("after a cut log the first windows say that they may lack records", "[window]") {
    std::vector<bool> complete;
    Stream stream(options(), LogStart::cut);
    const auto see = [&](const Row& row) { complete.push_back(row.complete); };
    const Input input = Input::of_number(1.0);
    for (std::int64_t i = 0; i < 10; ++i)
        stream.take({Offset{i + 100}, noon + i * 15s, "a", {&input, 1}}, see);
    // Up to the first record's time and grace: the windows that start at 0 s and at 15 s.
    CHECK(complete == std::vector<bool>{false, false, true, true, true, true, true, true});
}

// A checkpoint that was committed before the first record came once forgot that the log was cut.
TEST_CASE("a cut log is remembered until a record has come to judge by", "[window]") {
    const Stream before(options(), LogStart::cut);
    const Checkpoint checkpoint = before.checkpoint(Offset{100});
    CHECK(checkpoint.incomplete_until == not_known_yet);
    Stream stream(options(), checkpoint, Offset{100});
    const Input input = Input::of_number(1.0);
    const auto see = [](const Row& row) { CHECK_FALSE(row.complete); };
    stream.take({Offset{100}, noon, "a", {&input, 1}}, see);
    CHECK(stream.checkpoint(Offset{101}).incomplete_until == noon + 15s);
    stream.take({Offset{101}, noon + 40s, "a", {&input, 1}}, see);
    CHECK(stream.checkpoint(Offset{102}).incomplete_until == noon + 15s);
    stream.take({Offset{102}, noon + 50s, "a", {&input, 1}}, see);
    CHECK(stream.checkpoint(Offset{103}).incomplete_until == no_watermark);
}

TEST_CASE("memory is given back when windows close", "[window]") {
    Feed feed(options());
    const std::size_t empty = feed.stream.memory_bytes();
    for (int i = 0; i < 20'000; ++i)
        feed(noon + i % 1000 * 15ms, 1.0, "device" + std::to_string(i));
    CHECK(feed.stream.open_windows() == 20'000);
    const std::size_t full = feed.stream.memory_bytes();
    CHECK(full > 20'000 * 50);
    CHECK(full < 20'000 * 300);
    feed(noon + 1h, 1.0);
    CHECK(feed.rows.size() == 20'000);
    CHECK(feed.stream.open_windows() == 1);
    CHECK(feed.stream.memory_bytes() < full - 20'000 * 48);
    CHECK(*feed.stream.quiet_close(noon + 2h));
    feed.drain();
    CHECK(feed.stream.memory_bytes() < empty + 1000);
}
