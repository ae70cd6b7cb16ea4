// SPDX-License-Identifier: Apache-2.0
#include "aggregation/rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/units.hpp"
#include "json/pointer.hpp"
#include "json/time_zone.hpp"

namespace weir::aggregation {

using namespace std::chrono_literals;

namespace {

/// Windows that hop by a step that has little in common with their length are cut very small.
constexpr std::int64_t slices_max = 10'000;

template <typename T>
void require(config::Option<T> option, const std::function<bool()>& needed) {
    if (needed)
        option.required_if(needed);
    else
        option.required();
}

}  // namespace

void Rules::declare(config::Command& command, const std::function<bool()>& needed) {
    declare_readings(command, needed);
    declare_windows(command, needed);
    declare_results(command);
}

void Rules::declare_readings(config::Command& command, const std::function<bool()>& needed) {
    command.section("Readings");
    require(
        command
            .option("key", key,
                    "The fields to group by: a name or a JSON pointer each, separated by commas or "
                    "given several times. Together they must determine the record's key.")
            .metavar("FIELD"),
        needed);
    require(command
                .option("time", time,
                        "The field of the event time: ISO 8601 text, or a number since "
                        "1970 in s, ms, us or ns.")
                .metavar("FIELD"),
            needed);
    command.option("time-zone", time_zone, "The IANA zone of times that name none.")
        .metavar("ZONE")
        .check([](const std::string& name) -> Result<void> {
            const auto zone = json::TimeZone::load(name);
            if (!zone) return zone.error();
            return {};
        });
    command.option("max-ahead", max_ahead,
                   "A reading whose event time is further ahead of its production is dead, so that "
                   "a wrong clock closes nobody's windows. Empty: no limit.");
}

void Rules::declare_windows(config::Command& command, const std::function<bool()>& needed) {
    command.section("Windows");
    command
        .option("window", window,
                "The length of the windows, 15s unless there is a --session-gap. They begin at "
                "multiples of it since 1970: tumbling windows.")
        .range(1ms, longest);
    command
        .option(
            "every", every,
            "Hopping windows: one begins at each multiple of this since 1970. At most --window.")
        .range(1ms, longest);
    command.option("sliding", sliding,
                   "Sliding windows: for each reading of a key one that ends with it and one that "
                   "begins after it; readings at most --window apart are in one.");
    command
        .option("session-gap", session_gap,
                "Sessions: readings of a key with less than this between them. Replaces --window.")
        .range(1ms, longest);
    command
        .option("grace", grace,
                "How long after a window's end, in event time, its readings may still come.")
        .range(0ms, longest);
    command
        .option("accept-late", accept_late,
                "How much longer a closed window is kept. Readings that come then make a numbered "
                "revision of its result; of a session only those between its first and its last.")
        .range(0ms, longest);
    command
        .option("distinct-by", distinct_by,
                "A field that tells a key's readings apart, such as a sequence number: of those "
                "with one value in one window (session; slice of hopping windows, millisecond of "
                "sliding ones) the first counts, and others are filtered. None without it.")
        .metavar("FIELD");
    command
        .option("distinct-by-values-max", distinct_by_values_max,
                "Values of --distinct-by that are kept of one key in one of those. In a window "
                "with more all columns are null and named in weir-beyond-bound.")
        .range(1, 100'000'000);
    require(command.option(
                "aggregate", aggregates,
                "A column of the result: count, sum, mean, min, max, variance, stddev, first, "
                "last, median, a percentile such as p95, or distinct of a field that is double "
                "(default), float32, int64 or string (count, first, last and distinct); count() "
                "counts records."),
            needed);
    command
        .option("percentile-values-max", bounds.percentile_values_max,
                "Values of one window and key that a median or percentile is taken of. With more "
                "the column is null and named in weir-beyond-bound.")
        .range(1, 100'000'000);
    command
        .option("distinct-values-max", bounds.distinct_values_max,
                "Different values of one window and key that are counted. With more the column is "
                "null and named in weir-beyond-bound.")
        .range(1, 100'000'000);
}

void Rules::declare_results(config::Command& command) {
    command.section("Results");
    command.option("round", round, "Decimal places of numbers, half up; all digits without it.")
        .range(0, 15);
    command.option("window-field", window_field, "The name of the window in a result.")
        .metavar("NAME")
        .required();
    command.option("window-form", window_form,
                   "The window as an object with start and end, or as two fields.");
}

void Rules::check(std::vector<std::string>& mistakes) const {
    check_fields(mistakes);
    if (const auto schema = compile(aggregates); !schema)
        mistakes.push_back("--aggregate: " + schema.error().message);
    check_windows(mistakes);
    check_names(mistakes);
}

void Rules::check_fields(std::vector<std::string>& mistakes) const {
    const auto pointer_of = [&](const char* option,
                                const std::string& field) -> std::optional<json::Pointer> {
        auto pointer = json::Pointer::from_option(field);
        if (pointer) return std::move(*pointer);
        mistakes.push_back(fmt::format("{}: {}", option, pointer.error().message));
        return std::nullopt;
    };
    const auto id =
        distinct_by.empty() ? std::nullopt : pointer_of("--distinct-by", distinct_by);
    for (const std::string& field : key_fields(*this))
        if (const auto pointer = pointer_of("--key", field); pointer && pointer == id)
            mistakes.push_back(
                fmt::format("--distinct-by and --key name the same field, {}: of each key only one "
                            "reading in a window would count",
                            distinct_by));
    pointer_of("--time", time);
}

void Rules::check_windows(std::vector<std::string>& mistakes) const {
    if (session_gap) {
        if (window) mistakes.push_back("--session-gap and --window: a session has no fixed length");
        if (every) mistakes.push_back("--session-gap and --every: sessions begin with a reading");
        if (sliding) mistakes.push_back("--session-gap and --sliding: expected one of them");
        return;
    }
    if (every && sliding)
        mistakes.push_back("--sliding and --every: sliding windows begin and end with readings");
    if (!every || sliding) return;
    if (*every > size())
        mistakes.push_back(
            fmt::format("--every: expected at most --window, {}, got {}: readings "
                        "in between would be in no window",
                        format_duration(size()), format_duration(*every)));
    const auto slices = size().count() / std::gcd(size().count(), every->count());
    if (slices > slices_max)
        mistakes.push_back(
            fmt::format("--every: {} cuts a window of {} into {} slices, and {} are allowed",
                        format_duration(*every), format_duration(size()), slices, slices_max));
}

void Rules::check_names(std::vector<std::string>& mistakes) const {
    std::vector<std::string> names = key_names(*this);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
            names.begin() + static_cast<std::ptrdiff_t>(i))
            mistakes.push_back(
                fmt::format("--key: two fields would be named {} in the result", names[i]));
    names.push_back(window_field);
    for (const AggregateSpec& spec : aggregates)
        if (std::find(names.begin(), names.end(), spec.output) != names.end())
            mistakes.push_back(
                fmt::format("--aggregate: the name {} is taken by the key or the "
                            "window of the result",
                            spec.output));
}

window::Kind Rules::kind() const {
    if (session_gap) return window::Kind::session;
    if (sliding) return window::Kind::sliding;
    return every ? window::Kind::hopping : window::Kind::tumbling;
}

Rules::milliseconds Rules::size() const {
    if (session_gap) return *session_gap;
    return window.value_or(std::chrono::seconds{15});
}

std::vector<std::string> key_fields(const Rules& rules) {
    std::vector<std::string> fields;
    for (std::string_view list : rules.key) {
        for (std::size_t comma = 0; comma != std::string_view::npos;) {
            comma = list.find(',');
            fields.emplace_back(list.substr(0, comma));
            list.remove_prefix(std::min(comma, list.size() - 1) + 1);
        }
    }
    return fields;
}

std::vector<std::string> key_names(const Rules& rules) {
    std::vector<std::string> names;
    for (const std::string& field : key_fields(rules)) {
        const auto pointer = json::Pointer::from_option(field);
        const bool named = pointer && !pointer->tokens().empty();
        names.push_back(named ? pointer->tokens().back() : "key");
    }
    return names;
}

}  // namespace weir::aggregation
