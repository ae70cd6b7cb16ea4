// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <functional>
#include <initializer_list>
#include <string>
#include <thread>
#include <utility>

namespace bench_floor {

using Properties = std::initializer_list<std::pair<const char*, const char*>>;

/// Says what failed and ends the process.
[[noreturn]] void give_up(const std::string& why);

/// A client with these properties. Never destroyed: the process ends instead.
rd_kafka_t* new_client(rd_kafka_type_t type, const std::string& servers, Properties properties);

/// Reads a share of a topic's partitions to the ends they have when they are reached, in one
/// thread, as fast as librdkafka hands them out: its callbacks take the whole queue at once.
class Reader {
public:
    using OnRecord = std::function<void(const rd_kafka_message_t& message)>;

    Reader(const std::string& servers, std::string topic, int share, int shares);

    /// Returns at the end of the last partition. `on_record` may be empty.
    void run(const OnRecord& on_record, const std::function<void()>& on_batch);

    [[nodiscard]] std::uint64_t records() const { return records_; }

private:
    void keep_awake(const std::atomic<bool>& ended) const;

    rd_kafka_t* client_;
    std::string topic_;
    int partitions_ = 0;  ///< of the share
    int ends_ = 0;
    std::uint64_t records_ = 0;
    const OnRecord* on_record_ = nullptr;
};

}  // namespace bench_floor
