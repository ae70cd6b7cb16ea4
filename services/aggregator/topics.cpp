// SPDX-License-Identifier: Apache-2.0
#include "topics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "kafka/admin.hpp"

namespace weir::aggregator {
namespace {

using namespace std::chrono_literals;

constexpr auto request_timeout = 1000ms;
constexpr auto pause_between_attempts = 100ms;

/// The topics that are not there, as a list for people.
std::string missing(const Options& options, const std::vector<kafka::TopicState>& topics) {
    std::string list;
    for (const std::string& wanted : {options.input, options.output, options.late,
                                      options.dead_letter, options.partial, options.status}) {
        const bool there =
            wanted.empty() || std::any_of(topics.begin(), topics.end(), [&](const auto& topic) {
                return topic.name == wanted && topic.has_leaders;
            });
        if (!there) list += (list.empty() ? "" : ", ") + wanted;
    }
    return list;
}

kafka::Outcome<std::string> cleanup_policy(kafka::Admin& admin, const std::string& topic) {
    std::vector<kafka::TopicState> topics{{.name = topic}};
    if (auto described = admin.describe(topics, request_timeout); !described)
        return described.error();
    return topics.front().config["cleanup.policy"];
}

/// What is known of keys is read back from the status topic: it must hold every key's last record,
/// beside the input's partition that the key is in.
kafka::Outcome<void> check_status(kafka::Admin& admin, const Options& options,
                                  const std::vector<kafka::TopicState>& topics) {
    if (options.status.empty()) return {};
    const auto refuse = [](std::string reason) {
        return kafka::Failure{kafka::Meaning::fatal, 0, std::move(reason)};
    };
    const auto partitions = [&](const std::string& name) {
        const auto topic = std::find_if(topics.begin(), topics.end(),
                                        [&](const auto& each) { return each.name == name; });
        return topic->partitions;
    };
    if (partitions(options.status) < partitions(options.input))
        return refuse(fmt::format(
            "--status: expected at least as many partitions as --input {} "
            "has, {}, and {} has {}",
            options.input, partitions(options.input), options.status, partitions(options.status)));
    const auto policy = cleanup_policy(admin, options.status);
    if (!policy) return policy.error();
    if (*policy != "compact")
        return refuse(
            fmt::format("--status: expected {} to have cleanup.policy compact, got {}: "
                        "it would forget keys",
                        options.status, *policy));
    return {};
}

/// The topics that are missing; empty when all are there.
kafka::Outcome<std::string> look(kafka::Admin& admin, const Options& options) {
    const auto topics = admin.list(request_timeout);
    if (!topics) return topics.error();
    std::string list = missing(options, *topics);
    if (!list.empty() || options.input.empty()) return list;
    if (auto fit = check_status(admin, options, *topics); !fit) return fit.error();
    const auto policy = cleanup_policy(admin, options.input);
    if (!policy) return policy.error();
    if (policy->find("compact") != std::string::npos)
        return kafka::Failure{kafka::Meaning::fatal, 0,
                              "the topic " + options.input +
                                  " is compacted: it forgets the readings that windows are built "
                                  "up from; set its cleanup.policy to delete"};
    return list;
}

}  // namespace

Result<void> await_topics(const Options& options, runtime::Service& service,
                          const std::function<bool()>& patient) {
    auto& ready = service.health().condition("topics");
    auto admin = kafka::Admin::open(options.kafka, "aggregator");
    if (!admin) return Error{admin.error().message};
    std::string said;
    while (patient()) {
        const auto seen = look(*admin, options);
        if (!seen && seen.error().meaning == kafka::Meaning::fatal)
            return Error{seen.error().message};
        if (seen && seen->empty()) {
            ready.met();
            return {};
        }
        const std::string reason = seen ? "waiting for the topics " + *seen : seen.error().message;
        if (reason != said) log::warn(reason);
        said = reason;
        ready.unmet(reason);
        std::this_thread::sleep_for(pause_between_attempts);
    }
    return {};
}

Result<void> require_topics(const Options& options, const std::function<bool()>& patient) {
    auto admin = kafka::Admin::open(options.kafka, "aggregator");
    if (!admin) return Error{admin.error().message};
    while (true) {
        const auto seen = look(*admin, options);
        if (seen && seen->empty()) return {};
        if (seen) return Error{"expected topics that exist, these are missing: " + *seen};
        if (seen.error().meaning != kafka::Meaning::retriable || !patient())
            return Error{seen.error().message};
        std::this_thread::sleep_for(pause_between_attempts);
    }
}

}  // namespace weir::aggregator
