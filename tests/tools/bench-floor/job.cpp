// SPDX-License-Identifier: Apache-2.0
#include "job.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "client.hpp"
#include "means.hpp"

namespace bench_floor {
namespace {

using Clock = std::chrono::steady_clock;

/// Where results go. Threads: any.
class Results {
public:
    explicit Results(const Job& job)
        : client_(new_client(RD_KAFKA_PRODUCER, job.servers,
                             {{"linger.ms", "20"},
                              {"queue.buffering.max.messages", "2000000"},
                              {"partitioner", "murmur2_random"}})),
          topic_(rd_kafka_topic_new(client_, job.output.c_str(), nullptr)) {}

    void write(std::string_view device, std::string_view row) {
        while (rd_kafka_produce(topic_, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                                const_cast<char*>(row.data()), row.size(), device.data(),
                                device.size(), nullptr) != 0) {
            if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                give_up(rd_kafka_err2str(rd_kafka_last_error()));
            rd_kafka_poll(client_, 10);
        }
    }
    void poll() { rd_kafka_poll(client_, 0); }
    void flush() {
        if (rd_kafka_flush(client_, 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR) give_up("flush");
    }

private:
    rd_kafka_t* client_;
    rd_kafka_topic_t* topic_;
};

void read_share(const Job& job, Results* results, Reader& reader) {
    if (results == nullptr) return reader.run({}, [] {});
    std::map<int, Means> means;  // by partition
    const auto write = [&](std::string_view device, std::string_view row) {
        results->write(device, row);
    };
    Means* last = nullptr;
    int last_partition = -1;
    reader.run(
        [&](const rd_kafka_message_t& message) {
            if (message.partition != last_partition) {
                last_partition = message.partition;
                last = &means.try_emplace(last_partition, job.window_us, job.grace_us, write)
                            .first->second;
            }
            const auto reading = scan({static_cast<const char*>(message.payload), message.len});
            if (reading) last->take(*reading);
        },
        [&] { results->poll(); });
}

}  // namespace

void run(const Job& job) {
    std::optional<Results> results;
    if (!job.output.empty()) results.emplace(job);
    std::vector<Reader> readers;
    for (int share = 0; share < job.clients; ++share)
        readers.emplace_back(job.servers, job.input, share, job.clients);
    const auto began = Clock::now();
    std::vector<std::thread> threads;
    for (Reader& reader : readers)
        threads.emplace_back([&] { read_share(job, results ? &*results : nullptr, reader); });
    for (std::thread& thread : threads)
        thread.join();
    if (results) results->flush();
    const std::chrono::duration<double> took = Clock::now() - began;
    std::uint64_t records = 0;
    for (const Reader& reader : readers)
        records += reader.records();
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    fmt::print(R"({{"records":{},"seconds":{:.3f},"cpu_s":{:.3f},"peak_bytes":{}}})", records,
               took.count(), seconds(used.ru_utime) + seconds(used.ru_stime),
               used.ru_maxrss * 1024);
    std::fflush(stdout);
    std::_Exit(0);
}

}  // namespace bench_floor
