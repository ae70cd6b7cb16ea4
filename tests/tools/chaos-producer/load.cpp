// SPDX-License-Identifier: Apache-2.0
#include "load.hpp"

#include <chrono>

#include "kafka/producer.hpp"
#include "readings.hpp"

namespace weir::chaos {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds tick{10};

/// Waits for room rather than dropping. Errors: the producer refuses all records.
kafka::Outcome<void> send(kafka::Producer& producer, const kafka::OutgoingRecord& record) {
    while (true) {
        const auto sent = producer.send(record);
        if (sent) return {};
        if (auto failure = producer.fatal()) return *failure;
        producer.poll(tick);
    }
}

}  // namespace

kafka::Outcome<Written> write(const Load& load) {
    Written written;
    kafka::Options options;
    options.bootstrap_servers = load.bootstrap_servers;
    kafka::ProducerSettings settings;
    settings.client_id = "chaos-producer";
    settings.linger = std::chrono::milliseconds{20};
    settings.queue_records_max = 500'000;
    settings.queue_bytes_max = Bytes{256ULL << 20};
    settings.topics = {load.topic};
    auto producer = kafka::Producer::open(options, settings, [&](const kafka::Delivery& delivery) {
        ++(delivery.delivered ? written.delivered : written.failed);
    });
    if (!producer) return producer.error();

    Readings readings(load.seed, load.rate);
    const auto began = Clock::now();
    const std::uint64_t total = load.rate * load.seconds;
    for (std::uint64_t sent = 0; sent < total;) {
        const std::chrono::duration<double> passed = Clock::now() - began;
        const auto due =
            static_cast<std::uint64_t>(passed.count() * static_cast<double>(load.rate));
        for (; sent < due && sent < total; ++sent) {
            readings.next();
            auto outcome = send(*producer, {load.topic, readings.key(), readings.value()});
            if (!outcome) return outcome.error();
        }
        producer->poll(tick);
    }
    while (!producer->flush(std::chrono::seconds{1}))
        if (auto failure = producer->fatal()) return *failure;
    written.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    return written;
}

}  // namespace weir::chaos
