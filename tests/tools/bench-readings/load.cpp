// SPDX-License-Identifier: Apache-2.0
#include "load.hpp"

#include <chrono>

#include "kafka/producer.hpp"

namespace weir::bench {
namespace {

constexpr std::chrono::milliseconds tick{10};
constexpr std::uint64_t records_between_polls = 1024;

/// Waits for room. Errors: the producer refuses all records.
kafka::Outcome<void> send(kafka::Producer& producer, const kafka::OutgoingRecord& record) {
    while (!producer.send(record)) {
        if (auto failure = producer.fatal()) return *failure;
        producer.poll(tick);
    }
    return {};
}

}  // namespace

kafka::Outcome<Counts> write(const std::string& servers, const std::string& topic,
                             std::int32_t partitions, Workload workload) {
    Counts counts;
    kafka::Options options;
    options.bootstrap_servers = servers;
    kafka::ProducerSettings settings;
    settings.client_id = "bench-readings";
    settings.linger = std::chrono::milliseconds{20};
    settings.queue_records_max = 1'000'000;
    settings.queue_bytes_max = Bytes{512ULL << 20};
    settings.topics = {topic};
    auto producer = kafka::Producer::open(options, settings, [&](const kafka::Delivery& delivery) {
        ++(delivery.delivered ? counts.delivered : counts.failed);
    });
    if (!producer) return producer.error();
    for (std::uint64_t i = 0; i < workload.readings(); ++i) {
        workload.make(i);
        if (auto sent = send(*producer, {topic, workload.key(), workload.value()}); !sent)
            return sent.error();
        if (i % records_between_polls == 0) producer->poll({});
    }
    workload.make_last();
    for (std::int32_t partition = 0; partition < partitions; ++partition) {
        kafka::OutgoingRecord last{topic, workload.key(), workload.value()};
        last.partition = Partition{partition};
        if (auto sent = send(*producer, last); !sent) return sent.error();
    }
    while (!producer->flush(std::chrono::seconds{1}))
        if (auto failure = producer->fatal()) return *failure;
    return counts;
}

}  // namespace weir::bench
