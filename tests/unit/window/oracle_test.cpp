// SPDX-License-Identifier: Apache-2.0
// Goal: fates and rows are right. Method: an oracle that keeps every record and works the rules
// out from the whole list, by prefix maxima, grouping and sorting, without any notion of open
// windows kept up to date; compared on random partitions.
#include <cmath>
#include <map>
#include <tuple>

#include "catch.hpp"
#include "generated.hpp"
#include "seed.hpp"
#include "window/stream.hpp"

using namespace weir;
using namespace weir::window;
using window::test::Event;
using window::test::Generator;
using window::test::History;

namespace {

struct Expected {
    std::size_t closed_by;  ///< index of the event
    EventTime end;
    Offset first_offset;
    Offset last_offset;
    std::string key;
    EventTime watermark;
    std::vector<std::optional<double>> values;  ///< null ones left out
};

struct Answer {
    std::vector<bool> late;             ///< per event
    std::vector<EventTime> watermarks;  ///< after each event
    std::vector<Expected> rows;
};

EventTime end_of(EventTime time, Duration size) {
    return EventTime{(time.time_since_epoch() / size + 1) * size};
}

/// The watermark after each event, and which records were late.
std::vector<EventTime> watermarks(const History& history, std::vector<bool>& late) {
    const auto& [options, events, end] = history;
    std::vector<EventTime> after;
    EventTime watermark = no_watermark;
    for (std::size_t i = 0; i < events.size(); ++i) {
        late.push_back(events[i].is_record && end_of(events[i].time, options.size) <= watermark);
        if (events[i].is_record) {
            watermark = std::max(watermark, events[i].time - options.grace);
        } else {
            EventTime reached = watermark;
            for (std::size_t j = 0; j < i; ++j) {
                const EventTime window_end = end_of(events[j].time, options.size);
                if (events[j].is_record && !late[j] && window_end > watermark &&
                    window_end <= events[i].until)
                    reached = std::max(reached, window_end);
            }
            watermark = reached;
        }
        after.push_back(watermark);
    }
    return after;
}

std::optional<double> sample_variance(const std::vector<double>& values) {
    if (values.size() < 2) return std::nullopt;
    long double mean = 0;
    for (const double value : values)
        mean += value;
    mean /= static_cast<long double>(values.size());
    long double squares = 0;
    for (const double value : values)
        squares += (value - mean) * (value - mean);
    return static_cast<double>(squares / static_cast<long double>(values.size() - 1));
}

Expected row_of(const std::vector<const Event*>& records, Duration size) {
    std::vector<double> values;
    double sum = 0;
    for (const Event* record : records) {
        if (!record->value) continue;
        values.push_back(static_cast<float>(*record->value));
        sum += values.back();
    }
    Expected row{};
    row.end = end_of(records.front()->time, size);
    row.first_offset = records.front()->offset;
    row.last_offset = records.back()->offset;
    row.key = records.front()->key;
    if (values.empty())
        row.values = {std::nullopt, static_cast<double>(records.size()), std::nullopt,
                      std::nullopt};
    else
        row.values = {sum / static_cast<double>(values.size()), static_cast<double>(records.size()),
                      *std::min_element(values.begin(), values.end()), sample_variance(values)};
    return row;
}

Answer oracle(const History& history) {
    Answer answer;
    const auto& [options, events, end] = history;
    answer.watermarks = watermarks(history, answer.late);
    const auto& after = answer.watermarks;
    std::map<std::pair<EventTime, std::string>, std::vector<const Event*>> groups;
    for (std::size_t i = 0; i < events.size(); ++i)
        if (events[i].is_record && !answer.late[i])
            groups[{end_of(events[i].time, options.size), events[i].key}].push_back(&events[i]);
    for (const auto& [window, records] : groups) {
        const auto closing = std::lower_bound(after.begin(), after.end(), window.first);
        if (closing == after.end()) continue;
        Expected row = row_of(records, options.size);
        row.closed_by = static_cast<std::size_t>(closing - after.begin());
        row.watermark = *closing;
        answer.rows.push_back(std::move(row));
    }
    std::sort(answer.rows.begin(), answer.rows.end(), [](const Expected& a, const Expected& b) {
        return std::tie(a.closed_by, a.end, a.first_offset) <
               std::tie(b.closed_by, b.end, b.first_offset);
    });
    return answer;
}

void check_value(const Output& output, const std::optional<double>& expected, bool exact) {
    REQUIRE((output.kind == Output::Kind::null) == !expected.has_value());
    if (!expected) return;
    const double value = output.kind == Output::Kind::float64   ? output.float64
                         : output.kind == Output::Kind::float32 ? double{output.float32}
                                                                : static_cast<double>(output.int64);
    if (exact)
        REQUIRE(value == *expected);
    else
        REQUIRE(value == Approx(*expected).epsilon(1e-9).margin(1e-9));
}

void check(const History& history) {
    const Answer expected = oracle(history);
    Stream stream(history.options);
    std::size_t next = 0;
    std::size_t event = 0;
    const auto see = [&](const Row& row) {
        REQUIRE(next < expected.rows.size());
        const Expected& want = expected.rows[next++];
        REQUIRE(row.window.end == want.end);
        REQUIRE(row.window.end - row.window.start == history.options.size);
        REQUIRE(row.key == want.key);
        REQUIRE(row.first_offset == want.first_offset);
        REQUIRE(row.last_offset == want.last_offset);
        REQUIRE(row.watermark == want.watermark);
        REQUIRE(event == want.closed_by);
        REQUIRE(row.complete);
        for (std::size_t i = 0; i < want.values.size(); ++i)
            check_value(row.values[i], want.values[i], i != 3);
    };
    for (; event < history.events.size(); ++event) {
        const Event& happened = history.events[event];
        if (happened.is_record) {
            Input input;
            const Verdict verdict = stream.take(window::test::record_of(happened, input), see);
            REQUIRE((verdict.fate == Fate::late) == expected.late[event]);
            REQUIRE(verdict.watermark ==
                    (event == 0 ? no_watermark : expected.watermarks[event - 1]));
        } else {
            REQUIRE(stream.quiet_close(happened.until).ok());
            while (stream.due())
                stream.close_due(3, see);
        }
    }
    REQUIRE(next == expected.rows.size());
}

}  // namespace

TEST_CASE("random partitions give the oracle's fates and rows", "[window]") {
    Generator generator(weir::test::random_engine());
    for (int i = 0; i < 1500; ++i) {
        CAPTURE(i);
        History history = generator.history(300);
        history.options.checkpoint_bytes_max = 1'000'000;
        check(history);
    }
}
