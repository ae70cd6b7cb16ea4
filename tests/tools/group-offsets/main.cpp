// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

#include "kafka/consumer.hpp"

namespace {

using namespace weir;
using namespace std::chrono_literals;

constexpr const char* usage =
    R"(Usage: group-offsets BOOTSTRAP-SERVERS GROUP TOPIC [--commit]

Prints what GROUP has committed of TOPIC, a line for each partition: PARTITION OFFSET METADATA.
With --commit it commits such lines from its standard input instead; the group has no member then.
)";

kafka::Outcome<void> print(kafka::Consumer& consumer, const std::string& topic) {
    const auto count = consumer.partition_count(topic, 10s);
    if (!count) return count.error();
    std::vector<kafka::TopicPartition> partitions;
    for (int i = 0; i < *count; ++i)
        partitions.push_back({topic, Partition{i}});
    const auto committed = consumer.committed(partitions, 10s);
    if (!committed) return committed.error();
    for (const auto& position : *committed)
        if (position)
            fmt::print("{} {} {}\n", number(position->where.partition), number(position->offset),
                       position->metadata);
    return {};
}

kafka::Outcome<void> commit(kafka::Consumer& consumer, const std::string& topic) {
    std::vector<kafka::Position> positions;
    int partition = 0;
    std::int64_t offset = 0;
    std::string metadata;
    while (std::cin >> partition >> offset && std::getline(std::cin >> std::ws, metadata))
        positions.push_back({{topic, Partition{partition}}, Offset{offset}, metadata});
    return consumer.commit(positions);
}

}  // namespace

int main(int argc, char** argv) {
    const bool commits = argc == 5 && std::string_view(argv[4]) == "--commit";
    if (argc != 4 && !commits) {
        std::fputs(usage, stderr);
        return 2;
    }
    kafka::Options options;
    options.bootstrap_servers = argv[1];
    auto consumer = kafka::Consumer::open(
        options, {.client_id = "group-offsets", .group = argv[2], .assignment = {}});
    const auto done = !consumer ? kafka::Outcome<void>(consumer.error())
                      : commits ? commit(*consumer, argv[3])
                                : print(*consumer, argv[3]);
    if (done) return 0;
    std::fprintf(stderr, "group-offsets: %s\n", done.error().message.c_str());
    return 1;
}
