// SPDX-License-Identifier: Apache-2.0
#include "connect_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "aggregation/reading.hpp"
#include "config/codec.hpp"
#include "kafka/admin.hpp"
#include "kafka/consumer.hpp"
#include "kafka/insist.hpp"
#include "key_check.hpp"
#include "recovery.hpp"
#include "surroundings.hpp"

namespace weir::aggregator {
namespace {

using namespace std::chrono_literals;
using Partitions = std::vector<kafka::TopicPartition>;

/// Of one question, which is asked again for the same time while brokers are not ready for it.
constexpr std::chrono::milliseconds request_timeout{5000};
constexpr std::chrono::milliseconds sample_timeout{5000};
constexpr std::int64_t sample_records_max = 1000;

template <typename Ask>
auto ask_for_a_while(Ask ask) {
    const auto deadline = std::chrono::steady_clock::now() + request_timeout;
    return kafka::insist(ask, [&] { return std::chrono::steady_clock::now() < deadline; });
}

kafka::Outcome<void> find_topics(kafka::Admin& admin, const Options& options, Surroundings& found) {
    auto topics = ask_for_a_while([&] { return admin.list(request_timeout); });
    if (!topics) return topics.error();
    std::erase_if(*topics, [&](const kafka::TopicState& topic) {
        const auto named = {&options.input,       &options.output,  &options.late,
                            &options.dead_letter, &options.partial, &options.status};
        return std::none_of(named.begin(), named.end(),
                            [&](const std::string* name) { return *name == topic.name; });
    });
    const auto described =
        ask_for_a_while([&] { return admin.describe(*topics, request_timeout); });
    if (!described) return described.error();
    found.topics = std::move(*topics);
    return {};
}

kafka::Outcome<void> find_transaction_bound(kafka::Admin& admin, Surroundings& found) {
    auto config = ask_for_a_while([&] { return admin.broker_config(request_timeout); });
    if (!config) return config.error();
    const auto bound = config::Codec<std::int64_t>::parse((*config)["transaction.max.timeout.ms"]);
    if (bound) found.transaction_timeout_max = std::chrono::milliseconds{*bound};
    return {};
}

/// What a start would say of the group's commits.
kafka::Outcome<void> find_refusals(const Options& options, const Partitions& partitions,
                                   const std::vector<kafka::Watermarks>& logs,
                                   Surroundings& found) {
    auto member = kafka::Consumer::open(
        options.kafka,
        {.client_id = "aggregator", .group = options.group, .assignment = options.assignment});
    if (!member) return member.error();
    const auto committed =
        ask_for_a_while([&] { return member->committed(partitions, request_timeout); });
    if (!committed) return committed.error();
    const Reader reader(options);
    const Fingerprint fingerprint(options, static_cast<int>(partitions.size()));
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        const auto plan =
            plan_recovery(options, reader.aggregates(), fingerprint, (*committed)[i], logs[i]);
        // Partitions are refused for one reason, mostly.
        if (plan ||
            (!found.refusals.empty() && found.refusals.back().ends_with(plan.error().message)))
            continue;
        found.refusals.push_back(fmt::format("--group {}, partition {} of {}: {}", options.group, i,
                                             options.input, plan.error().message));
    }
    return {};
}

void judge(const kafka::RecordView& record, Reader& reader, KeyCheck& keys,
           Surroundings::Sample& sample) {
    ++sample.records;
    const auto reading = reader.read(record.value, record.timestamp_ms);
    if (!reading) {
        ++sample.dead;
        sample.dead_reason = reading.error().message;
    } else if (!keys.consistent(reading->key, record.key)) {
        ++sample.scattered;
        sample.scattered_group = reading->key;
    }
}

kafka::Outcome<void> take_sample(const Options& options, kafka::Consumer& consumer,
                                 const Partitions& partitions,
                                 const std::vector<kafka::Watermarks>& logs, Surroundings& found) {
    const auto count = static_cast<std::int64_t>(partitions.size());
    const std::int64_t of_each = std::max<std::int64_t>(sample_records_max / count, 1);
    std::vector<kafka::Position> positions;
    for (std::size_t i = 0; i < partitions.size(); ++i)
        positions.push_back(
            {partitions[i], std::max(logs[i].low, Offset{number(logs[i].high) - of_each}), {}});
    if (auto started = consumer.start(positions); !started) return started;
    Reader reader(options);
    KeyCheck keys;
    std::vector<bool> ended(partitions.size());
    const auto deadline = std::chrono::steady_clock::now() + sample_timeout;
    while (std::find(ended.begin(), ended.end(), false) != ended.end()) {
        if (std::chrono::steady_clock::now() > deadline)
            return kafka::Failure{kafka::Meaning::retriable, 0,
                                  "reading the newest records took too long"};
        for (const kafka::Event& event : consumer.poll(100ms)) {
            if (event.kind == kafka::Event::Kind::failed) return *event.failure;
            const auto index = static_cast<std::size_t>(number(event.record.partition));
            const bool beyond = event.record.offset >= logs[index].high;
            if (event.kind == kafka::Event::Kind::record && !beyond)
                judge(event.record, reader, keys, found.sample);
            ended[index] = ended[index] || beyond || event.kind == kafka::Event::Kind::end;
        }
    }
    return {};
}

kafka::Outcome<void> look_into_input(const Options& options, int partition_count,
                                     Surroundings& found) {
    auto consumer = kafka::Consumer::open(
        options.kafka, {.client_id = "aggregator", .group = "", .assignment = {}});
    if (!consumer) return consumer.error();
    Partitions partitions;
    std::vector<kafka::Watermarks> logs;
    for (int i = 0; i < partition_count; ++i) {
        partitions.push_back({options.input, Partition{i}});
        const auto log = ask_for_a_while(
            [&] { return consumer->query_watermarks(partitions.back(), request_timeout); });
        if (!log) return log.error();
        logs.push_back(*log);
    }
    if (!options.bounded())
        if (auto asked = find_refusals(options, partitions, logs, found); !asked) return asked;
    return take_sample(options, *consumer, partitions, logs, found);
}

}  // namespace

void check_connected(const Options& options, std::vector<std::string>& mistakes) {
    const bool needs_kafka =
        !(options.input + options.output + options.late + options.dead_letter).empty();
    if (!needs_kafka) return;
    Surroundings found;
    const auto note = [&](const kafka::Outcome<void>& outcome) {
        if (!outcome) mistakes.push_back("--connect: " + outcome.error().message);
        return outcome.ok();
    };
    auto admin = kafka::Admin::open(options.kafka, "aggregator");
    if (!admin) return mistakes.push_back("--connect: " + admin.error().message);
    if (!note(find_topics(*admin, options, found))) return;
    note(find_transaction_bound(*admin, found));
    for (const kafka::TopicState& topic : found.topics)
        if (topic.name == options.input && topic.has_leaders)
            note(look_into_input(options, topic.partitions, found));
    for (std::string& mistake : misfits(options, found))
        mistakes.push_back(std::move(mistake));
}

}  // namespace weir::aggregator
