// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside libs/kafka only: what producers, consumers and admin clients share.

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kafka/failure.hpp"
#include "kafka/options.hpp"
#include "kafka/record.hpp"

namespace weir::kafka {

template <auto destroy>
struct Destroy {
    template <typename T>
    void operator()(T* object) const {
        destroy(object);
    }
};
/// Owns a librdkafka object and knows how to end it.
template <typename T, auto destroy>
using Handle = std::unique_ptr<T, Destroy<destroy>>;

using ConfHandle = Handle<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using QueueHandle = Handle<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using EventHandle = Handle<rd_kafka_event_t, rd_kafka_event_destroy>;
using ErrorHandle = Handle<rd_kafka_error_t, rd_kafka_error_destroy>;
using PartitionList =
    Handle<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;

/// Takes `error`; it must not be nullptr.
Failure failure_of(std::string_view doing, rd_kafka_error_t* error);
Failure failure_of(std::string_view doing, rd_kafka_resp_err_t code, std::string_view words = {});

PartitionList partition_list(std::span<const TopicPartition> partitions);
PartitionList partition_list(std::span<const Position> positions);
TopicPartition topic_partition(const rd_kafka_topic_partition_t& element);

/// Whether brokers answer, and the words for it. Its address is the opaque of the client's
/// callbacks, so it neither moves nor dies before the client.
///
/// Problem: while the brokers are away librdkafka complains several times a second. We say once
/// that they are away, with the reason, and once that they are back.
/// Threads: any.
class Reachability {
public:
    explicit Reachability(std::string client_id) : client_id_(std::move(client_id)) {}

    void on_error(rd_kafka_resp_err_t code, std::string_view words);
    /// `statistics` is librdkafka's JSON; a broker in state UP is all that is looked for.
    void on_statistics(std::string_view statistics);
    [[nodiscard]] bool reachable() const { return reachable_.load(std::memory_order_relaxed); }

private:
    void came_back();

    const std::string client_id_;
    std::atomic<bool> reachable_{true};
};

/// What the opaque of every librdkafka instance of ours points to.
struct ClientCallbacks {
    Reachability* reachability = nullptr;
    void* owner = nullptr;
};

/// Builds the configuration of one client: our presets, then the user's properties, then what may
/// not be changed. The first bad property is kept and reported by create().
class ClientConf {
public:
    ClientConf(const Options& options, const std::string& client_id, ClientCallbacks& callbacks);

    /// A default of ours: the user's properties win.
    void preset(const char* key, const std::string& value);
    /// A value that our guarantees rest on: nobody wins over it.
    void fix(std::string key, std::string value);
    [[nodiscard]] rd_kafka_conf_t* native() const { return conf_.get(); }

    Outcome<rd_kafka_t*> create(rd_kafka_type_t type);

private:
    void set(const char* key, const std::string& value);

    const Options& options_;
    ConfHandle conf_;
    std::vector<Property> fixed_;
    std::optional<Failure> failure_;
};

/// The failure that finished the client, if one has.
std::optional<Failure> fatal_failure(rd_kafka_t* client);

inline int milliseconds_int(std::chrono::milliseconds duration) {
    return static_cast<int>(duration.count());
}

}  // namespace weir::kafka
