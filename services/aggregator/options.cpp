// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "json/pointer.hpp"
#include "json/time_zone.hpp"
#include "status.hpp"

namespace weir::aggregator {

using namespace std::chrono_literals;

void Options::declare(config::Command& command) {
    kafka.declare(command);
    declare_topics(command);
    Rules::declare(command);
    declare_clocks(command);
    declare_open_windows(command);
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

void Options::declare_clocks(config::Command& command) {
    command.section("Clocks");
    command
        .option("skewed-keys", skewed_keys,
                "Keys that weir_key_clock_skew_seconds names, of those whose event times are a "
                "second or more from their production: the ones furthest off. 0: none.")
        .range(0, 100);
}

void Options::declare_open_windows(config::Command& command) {
    command.section("Open windows");
    command
        .option("idle", idle,
                "Without a reading for this long, windows whose end and grace the clock has "
                "passed close at the partition's end.")
        .range(10ms, 24h);
    command
        .option("open-windows-max", open_windows_max,
                "Windows held at a time in one partition, one for each key; of hopping and sliding "
                "windows, slices. At the bound the partition stands still.")
        .range(1, 1'000'000'000);
}

void Options::declare_absence(config::Command& command) {
    command.section("Absence");
    command
        .option("expect-every", expect_every,
                "A key that has sent once on time and then nothing for this long, from its last "
                "event time to the clock, is missing. Longer than what a reading needs to get "
                "here. Needs --status.")
        .range(100ms, longest);
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
    const auto& formats = window::checkpoint_formats();
    command
        .option("checkpoint-format", checkpoint_format,
                "The format of what is committed beside offsets. The default can be read by the "
                "version before this one, too; raise it once nothing older may come back, lower it "
                "before going back.")
        .range(formats.oldest_written(), formats.newest());
}

void Options::check(std::vector<std::string>& mistakes) const {
    Rules::check(mistakes);
    if (guarantee == Guarantee::at_least_once && !transactional_id.empty())
        mistakes.push_back("--transactional-id needs --guarantee exactly-once, got at-least-once");
    check_topics(mistakes);
    check_absence(mistakes);
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

}  // namespace weir::aggregator
