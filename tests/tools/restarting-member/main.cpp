// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "kafka/consumer.hpp"

namespace {

using namespace std::chrono_literals;
using namespace weir::kafka;

constexpr const char* usage =
    R"(Usage: restarting-member BOOTSTRAP-SERVERS TOPIC GROUP

Reads partition 0 of TOPIC to its end, lets a second member join the group without taking note of
it, begins the partition again and prints the offsets that come, one a line, up to the end. Exit
code: 0 when the end came.
)";

constexpr auto patience = 30s;

/// A member that has been given its partitions and reads none of them yet.
std::optional<Consumer> join(const Options& options, const std::string& topic,
                             const std::string& group) {
    auto member = Consumer::open(options, {.client_id = "restarting-member", .group = group});
    if (!member || !member->subscribe({topic})) return {};
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (member->next_rebalance() == nullptr && std::chrono::steady_clock::now() < deadline)
        member->poll(50ms);
    if (member->next_rebalance() == nullptr) return {};
    return std::move(*member);
}

/// Whether the end came.
template <typename Visit>
bool read_to_end(Consumer& member, Visit visit) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
        for (const weir::kafka::Event& event : member.poll(50ms)) {
            if (event.kind == Event::Kind::end) return true;
            visit(event);
        }
        if (member.next_rebalance() != nullptr && !member.start({})) return false;
    }
    return false;
}

bool run(const Options& options, const std::string& topic, const std::string& group) {
    const std::vector begin{Position{{topic, weir::Partition{0}}, weir::Offset{0}, {}}};
    auto first = join(options, topic, group);
    if (!first || !first->start(begin) || !read_to_end(*first, [](const Event&) {})) return false;

    // When the second has its news, the first one's lie in its queue. They are taken only after
    // records that were asked for later have come.
    auto second = join(options, topic, group);
    if (!second || first->next_rebalance() != nullptr || !first->restart(begin)) return false;
    std::this_thread::sleep_for(1s);
    return read_to_end(*first, [](const Event& event) {
        std::printf("%lld\n", static_cast<long long>(weir::number(event.record.offset)));
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) {
        std::fputs(usage, stderr);
        return 2;
    }
    Options options;
    options.bootstrap_servers = argv[1];
    return run(options, argv[2], argv[3]) ? 0 : 1;
}
