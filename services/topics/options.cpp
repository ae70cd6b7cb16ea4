// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include "config/toml.hpp"
#include "topic_list.hpp"

namespace weir::topics {

using namespace std::chrono_literals;

void Options::declare(config::Command& command) {
    kafka.declare(command);
    command.section("Topics");
    command.option("file", file, "The list of topics, a TOML file with one [[topic]] each.")
        .metavar("FILE")
        .required();
    command.option("wait", wait, "How long to wait for the brokers.").range(0ms, 1h);
    command.option("differences", differences,
                   "What a topic means whose replication or config is not the list's: a warning "
                   "or a failure. Another number of partitions is always a failure.");
    command.rule([this](std::vector<std::string>& mistakes) {
        const auto table = config::read_toml(file);
        if (!table)
            mistakes.push_back("--file: " + table.error().message);
        else
            topics = read_topic_list(*table, file, mistakes);
    });
    command.example("topics --bootstrap-servers localhost:9092 --file topics.toml",
                    "Creates what is missing and checks what is there.");
}

}  // namespace weir::topics
