// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <fmt/format.h>

#include "json/pointer.hpp"
#include "json/time_zone.hpp"

namespace weir::aggregator {

using namespace std::chrono_literals;

void Options::declare(config::Command& command) {
    kafka.declare(command);
    declare_topics(command);
    declare_windows(command);
    declare_results(command);
    declare_guarantee(command);
    command.rule([this](std::vector<std::string>& mistakes) { check(mistakes); });
    command.example(
        "aggregator --input readings --output means --late late --dead-letter dead "
        "--key device_name --time timestamp --aggregate 'average=mean(data:float32)' --round 3",
        "The mean of each device's readings over 15 seconds.");
}

void Options::declare_topics(config::Command& command) {
    command.section("Topics");
    command.option("input", input, "The topic of the readings.").metavar("TOPIC").required();
    command.option("output", output, "The topic of the results.").metavar("TOPIC").required();
    command.option("late", late, "The topic of readings that came after their window closed.")
        .metavar("TOPIC")
        .required();
    command.option("dead-letter", dead_letter, "The topic of records that are no readings.")
        .metavar("TOPIC")
        .required();
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

void Options::declare_windows(config::Command& command) {
    command.section("Windows");
    command
        .option("key", key,
                "The field to group by: a name, or a JSON pointer. It must "
                "determine the record's key.")
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
    command.option("window", window, "The length of the tumbling windows, aligned to 1970.")
        .range(1ms, 24h * 366);
    command
        .option("grace", grace,
                "How long after a window's end, in event time, its readings may still come.")
        .range(0ms, 24h * 366);
    command
        .option("idle", idle,
                "Without a reading for this long, windows whose end and grace the clock has "
                "passed close at the partition's end.")
        .range(10ms, 24h);
    command.option("max-ahead", max_ahead,
                   "A reading whose event time is further ahead of its production is dead, so that "
                   "a wrong clock closes nobody's windows. Empty: no limit.");
    command
        .option("aggregate", aggregates,
                "A column of the result: count, sum, mean, min, max, variance or stddev of a "
                "field that is double (default), float32 or int64; count() counts records.")
        .required();
    command
        .option("open-windows-max", open_windows_max,
                "Windows open at a time in one partition, one for each key. At the bound the "
                "partition stands still.")
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
    for (const auto& [name, field] : {std::pair{"key", &key}, std::pair{"time", &time}})
        if (const auto pointer = json::Pointer::from_option(*field); !pointer)
            mistakes.push_back(fmt::format("--{}: {}", name, pointer.error().message));
    if (const auto schema = compile(aggregates); !schema)
        mistakes.push_back("--aggregate: " + schema.error().message);

    const std::pair<const char*, const std::string*> outputs[] = {
        {"output", &output}, {"late", &late}, {"dead-letter", &dead_letter}, {"partial", &partial}};
    for (const auto& [name, topic] : outputs)
        if (*topic == input)
            mistakes.push_back(
                fmt::format("--{} and --input are the same topic, {}: the service "
                            "would read what it writes",
                            name, input));
    if (!partial.empty() && partial == output)
        mistakes.push_back(
            fmt::format("--partial and --output are the same topic, {}: partial "
                        "results would pass for final ones",
                        output));
    if (guarantee == Guarantee::at_least_once && !transactional_id.empty())
        mistakes.push_back("--transactional-id needs --guarantee exactly-once, got at-least-once");
    const std::string grouped = json::Pointer::from_option(key) ? key_name(*this) : "";
    for (const AggregateSpec& spec : aggregates)
        if (spec.output == grouped || spec.output == window_field)
            mistakes.push_back(
                fmt::format("--aggregate: the name {} is taken by the key or the "
                            "window of the result",
                            spec.output));
}

std::string key_name(const Options& options) {
    const auto pointer = json::Pointer::from_option(options.key);
    const auto tokens = pointer->tokens();
    return tokens.empty() ? std::string("key") : tokens.back();
}

}  // namespace weir::aggregator
