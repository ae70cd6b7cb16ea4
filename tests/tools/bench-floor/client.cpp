// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace bench_floor {
namespace {

constexpr int ask_timeout_ms = 10'000;
constexpr int wait_ms = 100;

rd_kafka_topic_t* topic_of(rd_kafka_t* client, const std::string& name) {
    return rd_kafka_topic_new(client, name.c_str(), nullptr);
}

int partitions_of(rd_kafka_t* client, const std::string& topic) {
    const rd_kafka_metadata_t* metadata = nullptr;
    const auto error =
        rd_kafka_metadata(client, 0, topic_of(client, topic), &metadata, ask_timeout_ms);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) give_up(rd_kafka_err2str(error));
    const int count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    if (count == 0) give_up("there is no topic " + topic);
    return count;
}

}  // namespace

void give_up(const std::string& why) {
    std::fprintf(stderr, "bench-floor: %s\n", why.c_str());
    std::exit(1);
}

rd_kafka_t* new_client(rd_kafka_type_t type, const std::string& servers, Properties properties) {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    std::array<char, 512> why{};
    const auto set = [&](const char* key, const char* value) {
        if (rd_kafka_conf_set(conf, key, value, why.data(), why.size()) != RD_KAFKA_CONF_OK)
            give_up(why.data());
    };
    set("bootstrap.servers", servers.c_str());
    for (const auto& [key, value] : properties)
        set(key, value);
    rd_kafka_t* const client = rd_kafka_new(type, conf, why.data(), why.size());
    if (client == nullptr) give_up(why.data());
    return client;
}

Reader::Reader(const std::string& servers, std::string topic, int share, int shares)
    : client_(new_client(RD_KAFKA_CONSUMER, servers,
                         {{"group.id", "bench-floor"},
                          {"enable.auto.commit", "false"},
                          {"enable.partition.eof", "true"},
                          {"fetch.wait.max.ms", "10"}})),
      topic_(std::move(topic)) {
    rd_kafka_poll_set_consumer(client_);
    const int all = partitions_of(client_, topic_);
    rd_kafka_topic_partition_list_t* const list = rd_kafka_topic_partition_list_new(all);
    for (int partition = share; partition < all; partition += shares, ++partitions_)
        rd_kafka_topic_partition_list_add(list, topic_.c_str(), partition)->offset =
            RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(client_, list);
    rd_kafka_topic_partition_list_destroy(list);
}

void Reader::run(const OnRecord& on_record, const std::function<void()>& on_batch) {
    on_record_ = on_record ? &on_record : nullptr;
    std::atomic<bool> ended = false;
    std::thread waker([&] { keep_awake(ended); });
    rd_kafka_queue_t* const queue = rd_kafka_queue_get_consumer(client_);
    while (ends_ < partitions_) {
        rd_kafka_consume_callback_queue(
            queue, wait_ms,
            [](rd_kafka_message_t* message, void* opaque) {
                auto& self = *static_cast<Reader*>(opaque);
                if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
                    ++self.ends_;
                } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
                    give_up(rd_kafka_message_errstr(message));
                } else {
                    ++self.records_;
                    if (self.on_record_ != nullptr) (*self.on_record_)(*message);
                }
            },
            this);
        on_batch();
    }
    ended = true;
    waker.join();
}

/// Before 2.2 librdkafka stops fetching for up to a second when its queue was full; any request to
/// the broker ends that.
void Reader::keep_awake(const std::atomic<bool>& ended) const {
    rd_kafka_topic_t* const topic = topic_of(client_, topic_);
    while (!ended) {
        const rd_kafka_metadata_t* metadata = nullptr;
        if (rd_kafka_metadata(client_, 0, topic, &metadata, wait_ms) == RD_KAFKA_RESP_ERR_NO_ERROR)
            rd_kafka_metadata_destroy(metadata);
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
}

}  // namespace bench_floor
