// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside libs/kafka only: what a Consumer holds.

#include <chrono>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "kafka/client.hpp"
#include "kafka/consumer.hpp"

namespace weir::kafka {

/// Everything of a consumer that librdkafka's callbacks and batches touch. Its address is known to
/// librdkafka, so it does not move.
struct Consumer::State {
    explicit State(const ConsumerSettings& from) : settings(from), reachability(from.client_id) {}
    ~State();

    void on_rebalance(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t& list);
    void answer_closing(const Rebalance& rebalance);
    void take(std::size_t count, std::chrono::milliseconds timeout);
    void release();
    void wait_for_one(std::chrono::milliseconds timeout);
    [[nodiscard]] bool starving() const;
    void wake_fetchers() const;
    [[nodiscard]] bool is_paused(const TopicPartition& one) const;
    void add_event(const rd_kafka_message_t& message);
    void forget_end(const RecordView& place);
    [[nodiscard]] bool incremental() const {
        return !settings.group.empty() && settings.assignment == Assignment::cooperative;
    }
    Outcome<void> assign(std::span<const Position> positions);
    /// `idle`: those of `positions` that could not be begun again by seeking.
    Outcome<void> restart_idle(std::span<const Position> idle, std::span<const Position> positions);
    Outcome<void> unassign(std::span<const TopicPartition> partitions);

    ConsumerSettings settings;
    Reachability reachability;
    ClientCallbacks callbacks{&reachability, this};
    Handle<rd_kafka_t, rd_kafka_destroy> client;
    QueueHandle queue;
    std::deque<Rebalance> rebalances;
    std::vector<TopicPartition> owned;
    std::vector<TopicPartition> ended;  ///< of these nothing came since their end was reported
    std::vector<TopicPartition> paused;
    std::vector<rd_kafka_message_t*> messages;
    std::vector<Event> events;
    std::deque<Failure> failures;
    const rd_kafka_topic_t* last_topic = nullptr;
    std::string_view last_topic_name;
    int refused_restarts = 0;  ///< in a row
    bool subscribed = false;
    bool assigned_once = false;
    bool topic_gone = false;
    bool closing = false;
    bool abandoned = false;  ///< not to be destroyed: it would hang or abort
};

}  // namespace weir::kafka
