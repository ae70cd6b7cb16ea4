// SPDX-License-Identifier: Apache-2.0
#include "surroundings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "config/codec.hpp"
#include "kafka/producer.hpp"

namespace weir::aggregator {
namespace {

using std::chrono::milliseconds;

/// A config that is a whole number; nothing when it is not told.
std::optional<std::int64_t> number_of(const kafka::TopicState& topic, const std::string& name) {
    const auto entry = topic.config.find(name);
    if (entry == topic.config.end()) return std::nullopt;
    const auto value = config::Codec<std::int64_t>::parse(entry->second);
    return value ? std::optional(*value) : std::nullopt;
}

/// An input that forgets what windows are built up from. A bounded run takes what there is.
void check_memory(const Options& options, const kafka::TopicState& input,
                  std::vector<std::string>& list) {
    const auto policy = input.config.find("cleanup.policy");
    if (policy != input.config.end() && policy->second.find("compact") != std::string::npos)
        list.push_back(
            fmt::format("--input {}: expected cleanup.policy delete, got {}: it forgets "
                        "the readings that windows are built up from",
                        input.name, policy->second));
    const auto kept = number_of(input, "retention.ms");
    const milliseconds needed = memory_span(options);
    if (options.bounded() || !kept || *kept < 0 || milliseconds{*kept} >= needed) return;
    list.push_back(
        fmt::format("--input {}: expected a retention.ms of {} or more, for windows to "
                    "be built up again after a crash, got {}",
                    input.name, needed.count(), *kept));
}

/// With acks=all a record is written when this many replicas have it.
void check_writable(std::string_view option, const kafka::TopicState& topic,
                    std::vector<std::string>& list) {
    const auto needed = number_of(topic, "min.insync.replicas");
    if (needed && *needed > topic.replication)
        list.push_back(
            fmt::format("--{} {}: expected min.insync.replicas of at most {}, its "
                        "replicas, got {}: nothing can be written",
                        option, topic.name, topic.replication, *needed));
}

/// It is read back beside the input, partition by partition.
void check_status(const kafka::TopicState& status, int partitions, std::vector<std::string>& list) {
    if (status.partitions < partitions)
        list.push_back(
            fmt::format("--status {}: expected at least {} partitions, as the input "
                        "has, got {}",
                        status.name, partitions, status.partitions));
    const auto policy = status.config.find("cleanup.policy");
    if (policy != status.config.end() && policy->second != "compact")
        list.push_back(
            fmt::format("--status {}: expected cleanup.policy compact, got {}: it would "
                        "forget keys",
                        status.name, policy->second));
}

void check_topics(const Options& options, const Surroundings& found,
                  std::vector<std::string>& list) {
    const std::pair<const char*, const std::string*> named[] = {
        {"input", &options.input},     {"output", &options.output},
        {"late", &options.late},       {"dead-letter", &options.dead_letter},
        {"partial", &options.partial}, {"status", &options.status}};
    int partitions = 0;  // of the input, which is the first
    for (const auto& [option, name] : named) {
        if (name->empty()) continue;
        const auto topic =
            std::find_if(found.topics.begin(), found.topics.end(),
                         [&](const kafka::TopicState& state) { return state.name == *name; });
        if (topic == found.topics.end()) {
            list.push_back(fmt::format("--{} {}: there is no such topic", option, *name));
            continue;
        }
        if (!topic->has_leaders)
            list.push_back(fmt::format("--{} {}: a partition has no leader", option, *name));
        if (name == &options.input) {
            partitions = topic->partitions;
            check_memory(options, *topic, list);
        } else {
            check_writable(option, *topic, list);
        }
        if (name == &options.status) check_status(*topic, partitions, list);
    }
}

void check_sample(const Options& options, const Surroundings::Sample& sample,
                  std::vector<std::string>& list) {
    if (sample.records > 0 && sample.dead == sample.records)
        list.push_back(fmt::format("--input {}: none of the newest {} records is a reading: {}",
                                   options.input, sample.records, sample.dead_reason));
    if (sample.scattered > 0)
        list.push_back(fmt::format(
            "--key: expected fields that determine the record key; of the newest {} records of {} "
            "{} came under another key than their group did before, or under none, such as \"{}\"",
            sample.records, options.input, sample.scattered, sample.scattered_group));
}

}  // namespace

// Of sliding windows the one that ends with a reading looks back, and one that began with an
// earlier reading looks back from there.
std::chrono::milliseconds memory_span(const Options& options) {
    const int sizes = options.kind() == window::Kind::sliding ? 2 : 1;
    return options.size() * sizes + options.grace + options.accept_late;
}

std::vector<std::string> misfits(const Options& options, const Surroundings& found) {
    std::vector<std::string> list;
    check_topics(options, found, list);
    const milliseconds timeout = kafka::ProducerSettings{}.transaction_timeout;
    if (!options.bounded() && options.guarantee == Guarantee::exactly_once &&
        found.transaction_timeout_max && *found.transaction_timeout_max < timeout)
        list.push_back(
            fmt::format("--guarantee exactly-once: expected the brokers' "
                        "transaction.max.timeout.ms to be {} or more, got {}",
                        timeout.count(), found.transaction_timeout_max->count()));
    list.insert(list.end(), found.refusals.begin(), found.refusals.end());
    check_sample(options, found.sample, list);
    return list;
}

}  // namespace weir::aggregator
