// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "kafka/producer.hpp"
#include "workload.hpp"

namespace {

using namespace weir;

constexpr const char* usage =
    R"(Usage: bench-readings BOOTSTRAP-SERVERS TOPIC PARTITIONS READINGS DEVICES SECONDS

Writes READINGS of DEVICES, spread over SECONDS of event time, to TOPIC as fast as it takes them, and
then one of the device __last to each of its PARTITIONS, two hours later. Prints how many are in the
log: {"delivered":N,"failed":N}.
)";

constexpr std::chrono::milliseconds tick{10};
constexpr std::uint64_t records_between_polls = 1024;

struct Counts {
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;
};

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || value == 0) return std::nullopt;
    return value;
}

/// Waits for room. Errors: the producer refuses all records.
kafka::Outcome<void> send(kafka::Producer& producer, const kafka::OutgoingRecord& record) {
    while (!producer.send(record)) {
        if (auto failure = producer.fatal()) return *failure;
        producer.poll(tick);
    }
    return {};
}

kafka::Outcome<Counts> write(const std::string& servers, const std::string& topic,
                             std::int32_t partitions, bench::Workload workload) {
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

}  // namespace

int main(int argc, char** argv) {
    const auto at = [&](int i) { return argc == 7 ? number(argv[i]) : std::nullopt; };
    const auto partitions = at(3);
    const auto readings = at(4);
    const auto devices = at(5);
    const auto seconds = at(6);
    if (!partitions || !readings || !devices || !seconds) {
        std::fputs(usage, stderr);
        return 2;
    }
    const auto counts = write(argv[1], argv[2], static_cast<std::int32_t>(*partitions),
                              {*readings, *devices, *seconds});
    if (!counts) {
        std::fprintf(stderr, "bench-readings: %s\n", counts.error().message.c_str());
        return 1;
    }
    fmt::print("{{\"delivered\":{},\"failed\":{}}}\n", counts->delivered, counts->failed);
    return 0;
}
