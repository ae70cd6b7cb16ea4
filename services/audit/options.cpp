// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

namespace weir::audit {

using namespace std::chrono_literals;

void Options::declare(config::Command& command) {
    kafka.declare(command);
    command.section("Topics");
    command.option("output", output, "The topic of the results.").metavar("TOPIC").required();
    command
        .option("compare", compare,
                "Another topic of results: its rows are compared with those of --output by key and "
                "window, over the range both cover.")
        .metavar("TOPIC")
        .required();
    command.section("Verdict");
    command
        .option("examples", examples,
                "How many rows that are not as they should be are named; all are counted.")
        .range(0, 1'000'000);
    command
        .option("memory-max", memory_max,
                "How much memory the rows may take; beyond it nothing is judged.")
        .range(Bytes{1ULL << 20}, Bytes{1ULL << 40});
    command
        .option("stall-timeout", stall_timeout,
                "How long Kafka is waited for without any progress.")
        .range(1s, 24h);
    command.rule([this](std::vector<std::string>& mistakes) {
        if (!compare.empty() && compare == output)
            mistakes.push_back("--compare and --output are the same topic, " + output);
    });
    command.example("audit --output means --compare means-replayed",
                    "The rows that differ between two topics of results.");
}

}  // namespace weir::audit
