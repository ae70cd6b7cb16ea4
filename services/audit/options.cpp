// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <fmt/format.h>

namespace weir::audit {

using namespace std::chrono_literals;

void Options::declare(config::Command& command) {
    kafka.declare(command);
    declare_topics(command);
    Rules::declare(command, [this] { return compare.empty(); });
    declare_verdict(command);
    // What else the aggregator's file may say: nothing that makes results right or wrong.
    command.foreign({"partial",
                     "partial-every",
                     "assignment",
                     "start",
                     "reset",
                     "skewed-keys",
                     "checkpoint-format",
                     "idle",
                     "open-windows-max",
                     "expect-every",
                     "status",
                     "expected-keys-max",
                     "guarantee",
                     "transactional-id",
                     "commit-interval",
                     "commit-linger",
                     "commit-records-max",
                     "file",
                     "results",
                     "results-form",
                     "line-bytes-max",
                     "log-level",
                     "log-format",
                     "admin",
                     "stop-timeout"});
    command.rule([this](std::vector<std::string>& mistakes) { check(mistakes); });
    command.example("audit --config aggregator.toml",
                    "Whether all is right that the aggregator with this file has done so far.");
    command.example("audit --output means --compare means-replayed",
                    "The rows that differ between two topics of results.");
}

void Options::declare_topics(config::Command& command) {
    const auto audits = [this] { return compare.empty(); };
    command.section("Topics");
    command.option("input", input, "The topic of the readings. Required without --compare.")
        .metavar("TOPIC")
        .required_if(audits);
    command.option("output", output, "The topic of the results.").metavar("TOPIC").required();
    command
        .option("late", late,
                "The topic of readings that came after their window closed. Required without "
                "--compare.")
        .metavar("TOPIC")
        .required_if(audits);
    command
        .option("dead-letter", dead_letter,
                "The topic of records that are no readings. Required without --compare.")
        .metavar("TOPIC")
        .required_if(audits);
    command.option("group", group, "The consumer group of the aggregator.")
        .metavar("NAME")
        .required();
    command.option("from", from,
                   "Where the range begins: at the beginning of the log, at these offsets (other "
                   "partitions at their beginning), or at the first record that was produced at or "
                   "after a time. Windows that may hold records from before it are left out.");
    command.option("until", until,
                   "Where it ends: at what the group has committed, at these offsets if those are "
                   "less, or, of a bounded run, where the input ends.");
    command
        .option("compare", compare,
                "Another topic of results: its rows are compared with those of --output by key and "
                "window, over the range both cover. Nothing else is looked at.")
        .metavar("TOPIC");
}

void Options::declare_verdict(config::Command& command) {
    command.section("Verdict");
    command
        .option("examples", examples,
                "How many rows and records that are not as they should be are named; all are "
                "counted.")
        .range(0, 1'000'000);
    command
        .option("memory-max", memory_max,
                "How much memory rows and readings may take; beyond it nothing is judged.")
        .range(Bytes{1ULL << 20}, Bytes{1ULL << 40});
    command
        .option("stall-timeout", stall_timeout,
                "How long Kafka is waited for without any progress.")
        .range(1s, 24h);
}

void Options::check(std::vector<std::string>& mistakes) const {
    if (!compare.empty()) {
        if (compare == output)
            mistakes.push_back("--compare and --output are the same topic, " + output);
        return;
    }
    Rules::check(mistakes);
    const std::pair<const char*, const std::string*> topics[] = {
        {"input", &input}, {"output", &output}, {"late", &late}, {"dead-letter", &dead_letter}};
    for (std::size_t i = 0; i < std::size(topics); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (*topics[i].second == *topics[j].second)
                mistakes.push_back(fmt::format("--{} and --{} are the same topic, {}",
                                               topics[i].first, topics[j].first,
                                               *topics[i].second));
}

}  // namespace weir::audit
