// SPDX-License-Identifier: Apache-2.0
// Goal: the exact words of windows, one rule per case, and the facts of the system that was
// replaced.
#include "window/stream.hpp"

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
        while (stream.due()) stream.close_due(SIZE_MAX, keep());
    }

    std::function<void(const Row&)> keep() {
        return [this](const Row& row) {
            rows.push_back({std::string(row.key), row.window.start, row.values[0].float64, row.records});
        };
    }

    Stream stream;
    std::int64_t offset = 0;
    std::vector<Kept> rows;
};

double mean_of(std::initializer_list<double> values) {
    Feed feed(options());
    for (const double value : values) feed(noon, value);
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
