// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/units.hpp"
#include "json/pointer.hpp"
#include "json/time_zone.hpp"
#include "status.hpp"

namespace weir::aggregator {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds longest = 24h * 366;

/// Windows that hop by a step that has little in common with their length are cut very small.
constexpr std::int64_t slices_max = 10'000;

}  // namespace

void Options::declare(config::Command& command) {
    kafka.declare(command);
    declare_topics(command);
    declare_readings(command);
    declare_windows(command);
    declare_results(command);
    declare_absence(command);
    declare_guarantee(command);
    declare_bounded(command);
    command.rule([this](std::vector<std::string>& mistakes) { check(mistakes); });
    command.example(
        "aggregator --input readings --output means --late late --dead-letter dead "
        "--key device_name --time timestamp --aggregate 'average=mean(data:float32)' --round 3",
        "The mean of each device's readings over 15 seconds.");
    command.example(
        "aggregator --input readings --output means --late late --dead-letter dead "
        "--key site,device_name --time timestamp --window 60s --every 5s --accept-late 10m "
        "--aggregate 'n=count()' --aggregate 'p95=p95(data)'",
        "Of each device of each site, every five seconds, the last minute, corrected for ten "
        "more.");
    command.example(
        "aggregator --file readings.jsonl.gz --results - --admin off "
        "--key device_name --time timestamp --window 1h --aggregate 'average=mean(data)'",
        "The hourly mean of each device in a file, as a table; with --input TOPIC --until end of "
        "what a topic holds.");
}

void Options::declare_topics(config::Command& command) {
    command.section("Topics");
    const auto endless = [this] { return !bounded(); };
    command.option("input", input, "The topic of the readings. Required without --file.")
        .metavar("TOPIC")
        .required_if([this] { return files.empty(); });
    command.option("output", output, "The topic of the results. Required without --results.")
        .metavar("TOPIC")
        .required_if([this] { return results.empty(); });
    command
        .option("late", late,
                "The topic of readings that came after their window closed. Required, but for "
                "bounded runs.")
        .metavar("TOPIC")
        .required_if(endless);
    command
        .option("dead-letter", dead_letter,
                "The topic of records that are no readings. Required, but for bounded runs.")
        .metavar("TOPIC")
        .required_if(endless);
    command
        .option("partial", partial,
                "The topic of running results of windows still open; none without it.")
        .metavar("TOPIC");
    command.option("partial-every", partial_every, "How often running results are written.")
        .range(10ms, 1h);
    command.option("group", group, "The consumer group: the same for replicas that share the work.")
        .metavar("NAME")
        .required();
    command.option("assignment", assignment,
                   "How partitions move between replicas: only those that must, or all. Change "
                   "it only while no replica runs.");
    command.option("start", start, "Where a partition begins that the group has never committed.");
    command.option("reset", reset,
                   "Accept other window options than this group's, and a topic that was created "
                   "anew: open windows are given up, the first ones are marked weir-incomplete.");
}

void Options::declare_readings(config::Command& command) {
    command.section("Readings");
    command
        .option("key", key,
                "The fields to group by: a name or a JSON pointer each, separated by commas or "
                "given several times. Together they must determine the record's key.")
        .metavar("FIELD")
        .required();
    command
        .option("time", time,
                "The field of the event time: ISO 8601 text, or a number since "
                "1970 in s, ms, us or ns.")
        .metavar("FIELD")
        .required();
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

void Options::declare_windows(config::Command& command) {
    command.section("Windows");
    const auto some_time = [](const std::optional<milliseconds>& length) -> Result<void> {
        if (!length || (*length >= 1ms && *length <= longest)) return {};
        return Error{fmt::format("expected {} to {}, got {}", format_duration(1ms),
                                 format_duration(longest), format_duration(*length))};
    };
    command
        .option("window", window,
                "The length of the windows, 15s unless there is a --session-gap. They begin at "
                "multiples of it since 1970: tumbling windows.")
        .check(some_time);
    command
        .option(
            "every", every,
            "Hopping windows: one begins at each multiple of this since 1970. At most --window.")
        .check(some_time);
    command.option("sliding", sliding,
                   "Sliding windows: for each reading of a key one that ends with it and one that "
                   "begins after it; readings at most --window apart are in one.");
    command
        .option("session-gap", session_gap,
                "Sessions: readings of a key with less than this between them. Replaces --window.")
        .check(some_time);
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
        .option("idle", idle,
                "Without a reading for this long, windows whose end and grace the clock has "
                "passed close at the partition's end.")
        .range(10ms, 24h);
    command
        .option("aggregate", aggregates,
                "A column of the result: count, sum, mean, min, max, variance, stddev, first, "
                "last, median, a percentile such as p95, or distinct of a field that is double "
                "(default), float32, int64 or string (count, first, last and distinct); count() "
                "counts records.")
        .required();
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
    command
        .option("open-windows-max", open_windows_max,
                "Windows held at a time in one partition, one for each key; of hopping and sliding "
                "windows, slices. At the bound the partition stands still.")
        .range(1, 1'000'000'000);
}

void Options::declare_results(config::Command& command) {
    command.section("Results");
    command.option("round", round, "Decimal places of numbers, half up; all digits without it.")
        .check([](const std::optional<int>& places) -> Result<void> {
            if (!places || (*places >= 0 && *places <= 15)) return {};
            return Error{fmt::format("expected 0 to 15, got {}", *places)};
        });
    command.option("window-field", window_field, "The name of the window in a result.")
        .metavar("NAME")
        .required();
    command.option("window-form", window_form,
                   "The window as an object with start and end, or as two fields.");
}

void Options::declare_absence(config::Command& command) {
    command.section("Absence");
    command
        .option("expect-every", expect_every,
                "A key that has sent once on time and then nothing for this long, from its last "
                "event time to the clock, is missing. Longer than what a reading needs to get "
                "here. Needs --status.")
        .check([](const std::optional<milliseconds>& length) -> Result<void> {
            if (!length || (*length >= 100ms && *length <= longest)) return {};
            return Error{fmt::format("expected {} to {}, got {}", format_duration(100ms),
                                     format_duration(longest), format_duration(*length))};
        });
    command
        .option("status", status,
                "The topic of keys that are missing or back: compacted, of this group alone, with "
                "at least as many partitions as --input.")
        .metavar("TOPIC");
    command
        .option("expected-keys-max", expected_keys_max,
                "Keys of one partition that are watched with --expect-every; further ones are "
                "counted and not missed.")
        .range(1, 100'000'000);
}

void Options::declare_guarantee(config::Command& command) {
    command.section("Guarantee");
    command.option("guarantee", guarantee,
                   "Results exactly once, by transactions, or at least once.");
    command
        .option("transactional-id", transactional_id,
                "The producer's identity for exactly-once. Default: from the group, the host and "
                "the first number no other replica on this host has.")
        .metavar("ID");
    command
        .option("commit-interval", commit_interval,
                "How long progress without results may stay uncommitted.")
        .range(10ms, 5s);
    command
        .option("commit-linger", commit_linger,
                "How long results may wait for company while the topic is read at full speed.")
        .range(0ms, 5s);
    command
        .option("commit-records-max", commit_records_max,
                "Records in one transaction before it is committed.")
        .range(1, 10'000'000);
}

void Options::check(std::vector<std::string>& mistakes) const {
    for (const std::string& field : key_fields(*this))
        if (const auto pointer = json::Pointer::from_option(field); !pointer)
            mistakes.push_back("--key: " + pointer.error().message);
    if (const auto pointer = json::Pointer::from_option(time); !pointer)
        mistakes.push_back("--time: " + pointer.error().message);
    if (const auto schema = compile(aggregates); !schema)
        mistakes.push_back("--aggregate: " + schema.error().message);

    if (guarantee == Guarantee::at_least_once && !transactional_id.empty())
        mistakes.push_back("--transactional-id needs --guarantee exactly-once, got at-least-once");
    check_topics(mistakes);
    check_windows(mistakes);
    check_absence(mistakes);
    check_names(mistakes);
    check_bounded(mistakes);
}

void Options::check_topics(std::vector<std::string>& mistakes) const {
    const std::pair<const char*, const std::string*> outputs[] = {{"output", &output},
                                                                  {"late", &late},
                                                                  {"dead-letter", &dead_letter},
                                                                  {"partial", &partial},
                                                                  {"status", &status}};
    for (const auto& [name, topic] : outputs)
        if (!topic->empty() && *topic == input)
            mistakes.push_back(
                fmt::format("--{} and --input are the same topic, {}: the service "
                            "would read what it writes",
                            name, input));
    if (!partial.empty() && partial == output)
        mistakes.push_back(
            fmt::format("--partial and --output are the same topic, {}: partial "
                        "results would pass for final ones",
                        output));
}

void Options::check_windows(std::vector<std::string>& mistakes) const {
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

void Options::check_absence(std::vector<std::string>& mistakes) const {
    if (expect_every.has_value() == status.empty())
        mistakes.push_back(expect_every ? "--expect-every needs --status, the topic of keys that "
                                          "are missing or back"
                                        : "--status needs --expect-every, how long a key may be "
                                          "silent");
    if (status.empty()) return;
    const std::pair<const char*, const std::string*> others[] = {
        {"output", &output}, {"late", &late}, {"dead-letter", &dead_letter}, {"partial", &partial}};
    for (const auto& [name, topic] : others)
        if (*topic == status)
            mistakes.push_back(
                fmt::format("--status and --{} are the same topic, {}: it is "
                            "compacted and read back, and holds nothing else",
                            name, status));
    const std::vector<std::string> names = key_names(*this);
    for (const std::string_view member : status_members)
        if (std::find(names.begin(), names.end(), member) != names.end())
            mistakes.push_back(fmt::format(
                "--key: the name {} is taken by the status record, see --status", member));
}

void Options::check_names(std::vector<std::string>& mistakes) const {
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

window::Kind Options::kind() const {
    if (session_gap) return window::Kind::session;
    if (sliding) return window::Kind::sliding;
    return every ? window::Kind::hopping : window::Kind::tumbling;
}

Options::milliseconds Options::size() const {
    if (session_gap) return *session_gap;
    return window.value_or(std::chrono::seconds{15});
}

std::vector<std::string> key_fields(const Options& options) {
    std::vector<std::string> fields;
    for (std::string_view list : options.key) {
        for (std::size_t comma = 0; comma != std::string_view::npos;) {
            comma = list.find(',');
            fields.emplace_back(list.substr(0, comma));
            list.remove_prefix(std::min(comma, list.size() - 1) + 1);
        }
    }
    return fields;
}

std::vector<std::string> key_names(const Options& options) {
    std::vector<std::string> names;
    for (const std::string& field : key_fields(options)) {
        const auto pointer = json::Pointer::from_option(field);
        const bool named = pointer && !pointer->tokens().empty();
        names.push_back(named ? pointer->tokens().back() : "key");
    }
    return names;
}

}  // namespace weir::aggregator
