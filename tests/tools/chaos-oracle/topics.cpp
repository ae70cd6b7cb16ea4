// SPDX-License-Identifier: Apache-2.0
#include "topics.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <span>
#include <utility>

namespace weir::chaos {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int ask_timeout_ms = 10'000;
// A batch waits as long for its last message, so it is short.
constexpr int wait_ms = 20;
constexpr std::chrono::seconds still_max{30};
constexpr std::size_t batch_max = 1000;

std::string_view view(const void* data, std::size_t size) {
    return data == nullptr ? std::string_view{}
                           : std::string_view{static_cast<const char*>(data), size};
}

Record record_of(const rd_kafka_message_t& message) {
    rd_kafka_timestamp_type_t type{};
    return {view(message.key, message.key_len), view(message.payload, message.len), message.offset,
            rd_kafka_message_timestamp(&message, &type), &message};
}

}  // namespace

std::optional<std::string_view> Record::header(const char* name) const {
    rd_kafka_headers_t* headers = nullptr;
    const void* data = nullptr;
    std::size_t size = 0;
    if (rd_kafka_message_headers(native, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get_last(headers, name, &data, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return std::nullopt;
    return view(data, size);
}

Topics::Topics(Client committed, Client all, Queue queue)
    : committed_(std::move(committed)), all_(std::move(all)), queue_(std::move(queue)) {}

Result<Topics::Client> Topics::client(const std::string& bootstrap_servers, const char* isolation) {
    const std::array<std::pair<const char*, const char*>, 9> properties{{
        {"bootstrap.servers", bootstrap_servers.c_str()},
        {"group.id", "chaos-oracle"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", "true"},
        {"queued.max.messages.kbytes", "65536"},
        {"fetch.wait.max.ms", "10"},  // the end of a partition is said after it
        {"isolation.level", isolation},
    }};
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    std::array<char, 512> why{};
    for (const auto& [key, value] : properties)
        if (rd_kafka_conf_set(conf, key, value, why.data(), why.size()) != RD_KAFKA_CONF_OK) {
            rd_kafka_conf_destroy(conf);
            return Error{why.data()};
        }
    rd_kafka_t* const client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size());
    if (client == nullptr) {
        rd_kafka_conf_destroy(conf);
        return Error{why.data()};
    }
    rd_kafka_poll_set_consumer(client);
    return Client{client, rd_kafka_destroy};
}

Result<Topics> Topics::open(const std::string& bootstrap_servers) {
    auto committed = client(bootstrap_servers, "read_committed");
    if (!committed) return committed.error();
    auto all = client(bootstrap_servers, "read_uncommitted");
    if (!all) return all.error();
    Queue queue{rd_kafka_queue_get_consumer(committed->get()), rd_kafka_queue_destroy};
    return Topics{std::move(*committed), std::move(*all), std::move(queue)};
}

Result<int> Topics::partitions(const std::string& topic) const {
    using Handle = std::unique_ptr<rd_kafka_topic_t, void (*)(rd_kafka_topic_t*)>;
    const Handle handle{rd_kafka_topic_new(all_.get(), topic.c_str(), nullptr),
                        rd_kafka_topic_destroy};
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto error = rd_kafka_metadata(all_.get(), 0, handle.get(), &metadata, ask_timeout_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return Error{fmt::format("asking for topic {}: {}", topic, rd_kafka_err2str(error))};
    const int count = metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : 0;
    rd_kafka_metadata_destroy(metadata);
    if (count == 0) return Error{fmt::format("there is no topic {}", topic)};
    return count;
}

Result<void> Topics::assign(const std::string& topic, int partition) const {
    rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = 0;
    const auto error = rd_kafka_assign(committed_.get(), list);
    rd_kafka_topic_partition_list_destroy(list);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        return Error{fmt::format("reading {}/{}: {}", topic, partition, rd_kafka_err2str(error))};
    return {};
}

Result<void> Topics::read(const std::string& topic, int partition,
                          const std::function<void(const Record&)>& handler) const {
    std::int64_t low = 0;
    std::int64_t end = 0;
    const auto asked = rd_kafka_query_watermark_offsets(all_.get(), topic.c_str(), partition, &low,
                                                        &end, ask_timeout_ms);
    if (asked != RD_KAFKA_RESP_ERR_NO_ERROR)
        return Error{fmt::format("asking for the end of {}/{}: {}", topic, partition,
                                 rd_kafka_err2str(asked))};
    if (auto outcome = assign(topic, partition); !outcome) return outcome;
    std::array<rd_kafka_message_t*, batch_max> batch{};
    std::int64_t place = 0;
    auto moved = Clock::now();
    while (place < end) {
        const auto count =
            rd_kafka_consume_batch_queue(queue_.get(), wait_ms, batch.data(), batch.size());
        for (rd_kafka_message_t* message :
             std::span(batch.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)))) {
            const bool ours = message->rkt != nullptr && message->partition == partition &&
                              topic == rd_kafka_topic_name(message->rkt);
            if (ours && message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset < end)
                handler(record_of(*message));
            const bool ends = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
            const std::int64_t reached = ends ? message->offset : message->offset + 1;
            if (ours && (ends || message->err == RD_KAFKA_RESP_ERR_NO_ERROR) && reached > place) {
                place = reached;
                moved = Clock::now();
            }
            rd_kafka_message_destroy(message);
        }
        if (Clock::now() - moved > still_max)
            return Error{
                fmt::format("{}/{} stood still at {} of {}: a transaction that never ends?", topic,
                            partition, place, end)};
    }
    return {};
}

}  // namespace weir::chaos
