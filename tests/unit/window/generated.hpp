// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "window/stream.hpp"

/// Random histories for the property tests: what happens to a stream, in order.
namespace weir::window::test {

using namespace std::chrono_literals;

/// A record, or a quiet close between two records.
struct Event {
    bool is_record = true;
    Offset offset{};  ///< of a record; of a quiet close, the offset of the next record or the end
    EventTime time{};
    std::string key;
    std::optional<double> value;
    std::string text;   ///< empty: null
    std::int64_t id = 0;
    EventTime until{};  ///< of a quiet close
};

struct History {
    Options options;
    std::vector<std::size_t> columns;  ///< the places of its aggregates in every_column()
    std::vector<Event> events;
    Offset end{};  ///< beyond the last record
};

/// Every function, over every type: of three inputs, a float32, an int64 and a string.
inline std::vector<Aggregate> every_column() {
    return {{"average", Function::mean, 0, FieldType::float32},
            {"count", Function::count, {}, {}},
            {"lowest", Function::min, 0, FieldType::float32},
            {"variance", Function::variance, 0, FieldType::float32},
            {"total", Function::sum, 1, FieldType::int64},
            {"highest", Function::max, 1, FieldType::int64},
            {"median", Function::percentile, 0, FieldType::float32, 50},
            {"p90", Function::percentile, 1, FieldType::int64, 90},
            {"newest", Function::last, 0, FieldType::float32},
            {"oldest", Function::first, 2, FieldType::string},
            {"distinct", Function::distinct, 2, FieldType::string},
            {"different", Function::distinct, 1, FieldType::int64},
            {"texts", Function::count, 2, FieldType::string}};
}

/// Those of every_column() with these places.
inline Aggregates aggregates_of(const std::vector<std::size_t>& columns) {
    std::vector<Aggregate> list;
    for (const std::size_t column : columns)
        list.push_back(every_column()[column]);
    return *Aggregates::compile(std::move(list),
                                {.percentile_values_max = 25, .distinct_values_max = 6});
}

/// Draws one history after the other. Each has its own kind of window, its size, grace and
/// lateness, number of keys, disorder, and its share of boundary times, duplicates, stray records
/// far ahead, gaps and quiet closes.
class Generator {
public:
    explicit Generator(std::mt19937_64 engine) : engine_(engine) {}

    static constexpr std::array kinds{Kind::tumbling, Kind::hopping, Kind::sliding, Kind::session};

    std::int64_t between(std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
    }

    bool chance(double probability) { return std::bernoulli_distribution(probability)(engine_); }

    /// With `round_values` sums are exact, in whatever order they are added.
    History history(std::size_t events_max, Kind kind, bool round_values = false) {
        History history;
        Options& options = history.options;
        round_values_ = round_values;
        choose_windows(options, kind);
        options.grace =
            Duration{grace_ = pick({0, 1, 500'000, 15'000'000, 40'000'000, 600'000'000})};
        options.accept_late =
            Duration{chance(0.4) ? 0 : pick({1, 3'000'000, 60'000'000, 300'000'000})};
        // All of them; or those that need no memory of their own, which windows share better.
        history.columns = {0, 1, 2, 3, 4, 5, 8, 12};
        if (chance(0.6)) history.columns.insert(history.columns.end(), {6, 7, 9, 10, 11});
        options.aggregates = aggregates_of(history.columns);
        options.ids_max = chance(0.5) ? 0 : static_cast<std::uint64_t>(pick({4, 25, 1000}));
        keys_ = pick({1, 2, 5, 60});
        disorder_ = pick({0, 2'000'000, 30'000'000});
        step_max_ = pick({0, 100'000, 3'000'000, 20'000'000});
        quiet_ = chance(0.6) ? 0.1 : 0.0;
        stray_ = chance(0.3) ? 0.02 : 0.0;
        repeats_ = chance(0.3) ? 0.5 : 0.1;
        restamped_ = 0.4;
        recent_.clear();
        if (chance(0.3)) repeat_much(options);
        now_ = between(0, 2) == 0 ? 0 : 1'728'302'400'000'000;
        std::int64_t offset = between(0, 1) * between(0, 1000);
        const auto count =
            static_cast<std::size_t>(between(0, static_cast<std::int64_t>(events_max)));
        while (history.events.size() < count) {
            if (chance(quiet_))
                history.events.push_back(quiet(offset));
            else
                history.events.push_back(record(offset, options.size));
        }
        history.end = Offset{offset + (chance(0.3) ? between(0, 3) : 0)};
        return history;
    }

private:
    void choose_windows(Options& options, Kind kind) {
        options.kind = kind;
        options.size = Duration{pick({1'000'000, 7'000'000, 15'000'000, 333'333})};
        if (kind == Kind::sliding) options.size -= options.size % std::chrono::milliseconds{1};
        if (kind != Kind::hopping) return;
        if (chance(0.5)) {
            options.every = Duration{options.size.count() / pick({1, 3, 7})};
            options.size = options.every * pick({1, 2, 3, 7});
        } else {
            options.size = Duration{pick({15'000'000, 7'000'000})};
            options.every = Duration{pick({4'000'000, 6'000'000, 7'000'000})};
        }
    }

    /// Most records come again, and at other times, over windows that are soon forgotten: a replay
    /// often begins between a record and its repetition.
    void repeat_much(Options& options) {
        options.ids_max = 1000;
        options.accept_late = {};
        options.grace = Duration{grace_ = pick({0, 500'000})};
        keys_ = pick({2, 5});
        disorder_ = pick({0, 500'000});
        step_max_ = options.size.count() / pick({1, 3});
        repeats_ = 0.6;
        restamped_ = 0.8;
    }

    std::int64_t pick(std::initializer_list<std::int64_t> choices) {
        return *(choices.begin() + between(0, static_cast<std::int64_t>(choices.size()) - 1));
    }

    Event record(std::int64_t& offset, Duration size) {
        now_ += between(0, step_max_);
        if (chance(0.005)) now_ += between(0, 600'000'000);
        std::int64_t time = std::max<std::int64_t>(0, now_ - between(0, disorder_));
        if (chance(stray_)) time += between(0, chance(0.8) ? grace_ : 3'600'000'000);
        if (chance(0.2)) time -= time % size.count();
        if (chance(0.05)) time = std::max<std::int64_t>(0, time - time % size.count() - 1);
        if (chance(0.02)) time = std::max<std::int64_t>(0, time - between(0, 200'000'000));
        Event event;
        event.offset = Offset{offset};
        event.time = EventTime{Duration{time}};
        event.key = "device" + std::to_string(between(1, keys_));
        if (!chance(0.1)) {
            event.value = static_cast<double>(between(-99'900, 99'900)) / 100;
            if (round_values_) event.value = std::round(*event.value * 4) / 4;
        }
        if (!chance(0.1)) event.text = "text" + std::to_string(between(1, 9));
        event.id = next_id_++ % 200;
        // One that came before comes again, with its time or as one of now.
        if (!recent_.empty() && chance(repeats_)) {
            const Event& before = recent_[static_cast<std::size_t>(
                between(0, static_cast<std::int64_t>(recent_.size()) - 1))];
            const EventTime now = event.time;
            event = before;
            event.offset = Offset{offset};
            if (chance(restamped_)) event.time = now;
        }
        recent_.push_back(event);
        if (recent_.size() > 12) recent_.erase(recent_.begin());
        offset += chance(0.1) ? between(1, 5) : 1;
        return event;
    }

    Event quiet(std::int64_t offset) {
        Event event;
        event.is_record = false;
        event.offset = Offset{offset};
        event.until =
            EventTime{Duration{now_ + between(-30'000'000, chance(0.2) ? 60'000'000 : 1'000'000)}};
        return event;
    }

    std::mt19937_64 engine_;
    bool round_values_ = false;
    std::int64_t grace_ = 0;
    std::int64_t keys_ = 1;
    std::int64_t disorder_ = 0;
    std::int64_t step_max_ = 0;
    std::int64_t now_ = 0;
    double quiet_ = 0;
    double stray_ = 0;
    double repeats_ = 0;
    double restamped_ = 0;
    std::int64_t next_id_ = 0;
    std::vector<Event> recent_;
};

/// The inputs of every_column().
using Inputs = std::array<Input, 3>;

/// What the int64 field of an event is, if its value is.
inline std::int64_t integer_of(const Event& event) {
    return static_cast<std::int64_t>(std::floor(*event.value / 50));
}

/// Some ids are integers, some are texts, and one is never the other.
inline Input id_of(const Event& event) {
    static const std::array<std::string, 3> texts{"\"one\"", "\"a longer one than fits\"", "3"};
    return event.id < 3 ? Input::of_text(texts[static_cast<std::size_t>(event.id)])
                        : Input::of_integer(event.id);
}

/// The record of an event; `inputs` holds its values.
inline Record record_of(const Event& event, Inputs& inputs) {
    inputs[0] = event.value ? Input::of_number(*event.value) : Input::null();
    inputs[1] = event.value ? Input::of_integer(integer_of(event)) : Input::null();
    inputs[2] = event.text.empty() ? Input::null() : Input::of_text(event.text);
    return {event.offset, event.time, event.key, inputs, id_of(event)};
}

}  // namespace weir::window::test
