// SPDX-License-Identifier: Apache-2.0
#include "kafka/consumer_state.hpp"

#include <algorithm>

namespace weir::kafka {

using std::chrono::milliseconds;

namespace {

/// Before 2.2, librdkafka stops fetching for up to a second whenever its queue has been full, so a
/// consumer that is faster than the network stands still most of the time.
bool fetchers_fall_asleep() {
    constexpr int mended = 0x02020000;
    return rd_kafka_version() < mended;
}

/// Before 2.1, a batch call drops messages it has already counted as consumed when their partition
/// is paused meanwhile, and every rebalance pauses (known issue of the notes of release 2.0.0). One
/// message at a time is safe, and about as fast.
bool batches_lose_messages() {
    constexpr int mended = 0x02010000;
    return rd_kafka_version() < mended;
}

bool contains(const std::vector<TopicPartition>& partitions, const TopicPartition& one) {
    return std::find(partitions.begin(), partitions.end(), one) != partitions.end();
}

}  // namespace

/// An abandoned client stays until the process ends, which is what follows.
Consumer::State::~State() {
    release();
    if (abandoned) static_cast<void>(client.release());
}

/// Only notes the change: it takes effect when the caller answers. While closing nobody will.
void Consumer::State::on_rebalance(rd_kafka_resp_err_t code,
                                   const rd_kafka_topic_partition_list_t& list) {
    Rebalance rebalance;
    for (int i = 0; i < list.cnt; ++i)
        rebalance.partitions.push_back(topic_partition(list.elems[i]));
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        assigned_once = true;
    } else {
        const bool known = code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS;
        rebalance.kind = known ? Rebalance::Kind::revoked : Rebalance::Kind::lost;
        if (!known) rebalance.partitions = owned;
    }
    if (!closing) {
        rebalances.push_back(std::move(rebalance));
        // Ends the wait for messages. Not rd_kafka_yield(): a batch call that is asked to yield so
        // drops the message after this, and what is left of it keeps destruction waiting for ever.
        rd_kafka_queue_yield(queue.get());
    } else {
        answer_closing(rebalance);
    }
}

void Consumer::State::answer_closing(const Rebalance& rebalance) {
    if (rebalance.kind == Rebalance::Kind::assigned)
        static_cast<void>(assign({}));
    else
        static_cast<void>(unassign(rebalance.partitions));
}

void Consumer::State::take(std::size_t count, milliseconds timeout) {
    if (batches_lose_messages()) {
        const std::size_t end = messages.size() + count;
        while (messages.size() < end) {
            auto* const message = rd_kafka_consume_queue(queue.get(), milliseconds_int(timeout));
            if (message == nullptr) return;
            messages.push_back(message);
        }
        return;
    }
    const std::size_t before = messages.size();
    messages.resize(before + count);
    const auto taken = rd_kafka_consume_batch_queue(queue.get(), milliseconds_int(timeout),
                                                    messages.data() + before, count);
    messages.resize(before + static_cast<std::size_t>(std::max<ssize_t>(taken, 0)));
}

/// Waits for one message, and wakes the threads that fetch when they sleep over records that are
/// there: any request does.
void Consumer::State::wait_for_one(milliseconds timeout) {
    constexpr milliseconds slice{10};
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (fetchers_fall_asleep() && messages.empty() && rebalances.empty() && starving()) {
        wake_fetchers();
        take(1, slice);
        if (std::chrono::steady_clock::now() >= deadline) return;
    }
    const auto left = deadline - std::chrono::steady_clock::now();
    if (messages.empty() && rebalances.empty())
        take(1, std::max(std::chrono::ceil<milliseconds>(left), milliseconds{0}));
}

/// True when the log is known to hold records that have not come. The end has to be asked for, too:
/// what is left before it may be the marker of a transaction, which never comes.
bool Consumer::State::starving() const {
    if (ended.size() == owned.size()) return false;
    const PartitionList list = partition_list(std::span<const TopicPartition>(owned));
    if (rd_kafka_position(client.get(), list.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
    for (int i = 0; i < list->cnt; ++i) {
        const rd_kafka_topic_partition_t& element = list->elems[i];
        const TopicPartition where = topic_partition(element);
        if (contains(ended, where) || is_paused(where)) continue;
        std::int64_t low = 0;
        std::int64_t high = 0;
        const auto code = rd_kafka_get_watermark_offsets(client.get(), element.topic,
                                                         element.partition, &low, &high);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR && element.offset >= 0 && element.offset < high)
            return true;
    }
    return false;
}

bool Consumer::State::is_paused(const TopicPartition& one) const { return contains(paused, one); }

void Consumer::State::wake_fetchers() const {
    constexpr int local_topics = 0;
    constexpr int timeout_ms = 100;
    const rd_kafka_metadata_t* metadata = nullptr;
    if (rd_kafka_metadata(client.get(), local_topics, nullptr, &metadata, timeout_ms) ==
        RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
}

void Consumer::State::release() {
    for (rd_kafka_message_t* message : messages)
        rd_kafka_message_destroy(message);
    messages.clear();
    events.clear();
    failures.clear();
    last_topic = nullptr;
}

void Consumer::State::add_event(const rd_kafka_message_t& message) {
    Event event;
    if (message.rkt != last_topic || last_topic == nullptr) {
        last_topic = message.rkt;
        last_topic_name = message.rkt != nullptr ? rd_kafka_topic_name(message.rkt) : "";
    }
    event.record.topic = last_topic_name;
    event.record.partition = Partition{message.partition};
    event.record.offset = Offset{message.offset};
    event.record.native = &message;
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        event.record.key = {static_cast<const char*>(message.key), message.key_len};
        event.record.value = {static_cast<const char*>(message.payload), message.len};
        event.record.timestamp_ms = rd_kafka_message_timestamp(&message, nullptr);
        if (!ended.empty()) forget_end(event.record);
    } else if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        event.kind = Event::Kind::end;
        forget_end(event.record);
        ended.push_back({std::string(event.record.topic), event.record.partition});
    } else {
        topic_gone = topic_gone || message.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        failures.push_back(failure_of("consuming", message.err, rd_kafka_message_errstr(&message)));
        event.kind = Event::Kind::failed;
        event.failure = &failures.back();
    }
    events.push_back(event);
}

void Consumer::State::forget_end(const RecordView& place) {
    std::erase_if(ended, [&](const TopicPartition& end) {
        return end.partition == place.partition && end.topic == place.topic;
    });
}

Outcome<void> Consumer::State::assign(std::span<const Position> positions) {
    const PartitionList list = partition_list(positions);
    ended.clear();  // at worst a needless request
    if (incremental()) {
        if (auto* error = rd_kafka_incremental_assign(client.get(), list.get()))
            return failure_of("starting partitions", error);
    } else {
        owned.clear();
        paused.clear();
        const auto code = rd_kafka_assign(client.get(), list.get());
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of("starting partitions", code);
    }
    for (const Position& position : positions)
        owned.push_back(position.where);
    return {};
}

Outcome<void> Consumer::State::restart_idle(std::span<const Position> idle,
                                            std::span<const Position> positions) {
    constexpr int refused_max = 5;
    if (++refused_restarts < refused_max)
        return Failure{Meaning::retriable, RD_KAFKA_RESP_ERR__STATE,
                       "beginning partitions again: not consumed yet"};
    refused_restarts = 0;
    if (!incremental()) return assign(positions);
    std::vector<TopicPartition> partitions;
    for (const Position& position : idle)
        partitions.push_back(position.where);
    if (auto given_up = unassign(partitions); !given_up) return given_up;
    return assign(idle);
}

Outcome<void> Consumer::State::unassign(std::span<const TopicPartition> partitions) {
    if (incremental()) {
        const PartitionList list = partition_list(partitions);
        if (auto* error = rd_kafka_incremental_unassign(client.get(), list.get()))
            return failure_of("giving partitions up", error);
        const auto given_up = [&](const TopicPartition& mine) {
            return std::find(partitions.begin(), partitions.end(), mine) != partitions.end();
        };
        std::erase_if(owned, given_up);
        std::erase_if(ended, given_up);
        std::erase_if(paused, given_up);
    } else {
        owned.clear();
        ended.clear();
        paused.clear();
        const auto code = rd_kafka_assign(client.get(), nullptr);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of("giving partitions up", code);
    }
    return {};
}

}  // namespace weir::kafka
