// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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

struct rd_kafka_consumer_group_metadata_s;

namespace weir::kafka {

/// How a group moves partitions. All members of a group must use the same.
enum class Assignment {
    cooperative,  ///< only the partitions that move are taken away
    eager,        ///< every partition is taken away and given out anew
};

constexpr auto choices_of(Assignment) {
    return std::array{std::pair{std::string_view("cooperative"), Assignment::cooperative},
                      std::pair{std::string_view("eager"), Assignment::eager}};
}

enum class Isolation { read_committed, read_uncommitted };

struct ConsumerSettings {
    std::string client_id = "weir";
    /// Empty: no group; partitions are given by start() alone and nothing is ever committed.
    std::string group;
    Assignment assignment = Assignment::cooperative;
    Isolation isolation = Isolation::read_committed;
    std::size_t batch_records_max = 1000;
    /// How much librdkafka may fetch ahead of poll().
    Bytes prefetch_max{64ULL << 20};
};

/// One thing that poll() found. Order within a partition is the log's.
struct Event {
    enum class Kind : unsigned char {
        record,
        end,     ///< the partition's end for now: record.offset is the next offset to come
        failed,  ///< `failure` says what; record.topic is empty when no partition is meant
    };
    Kind kind = Kind::record;
    RecordView record;
    const Failure* failure = nullptr;
};

/// A change of ownership that waits for its answer.
struct Rebalance {
    enum class Kind {
        assigned,  ///< answer with start(), also when the list is empty
        revoked,   ///< still ours: commit what is whole, then answer with stop()
        lost,      ///< no longer ours: commit nothing, answer with stop()
    };
    Kind kind = Kind::assigned;
    std::vector<TopicPartition> partitions;
};

/// The first and the next offset of a partition.
struct Watermarks {
    Offset low{};
    Offset high{};
};

/// Proof of membership, which fences a member that was thrown out of its group without noticing
/// (KIP-447).
class GroupMetadata {
public:
    using Native = rd_kafka_consumer_group_metadata_s;
    /// Takes `native`.
    explicit GroupMetadata(Native* native);
    [[nodiscard]] const Native* native() const { return native_.get(); }

private:
    std::unique_ptr<Native, void (*)(Native*)> native_;
};

/// Reads records in batches, and leaves every decision about offsets to its caller.
///
/// Problem: ownership of partitions must not change in the middle of a batch, or records of a
/// former life mix with those of the present one. So a rebalance is only noted inside poll(); it
/// takes effect when the caller answers it with start() or stop(), between two batches.
///
/// Nothing is committed, stored or reset automatically: a partition starts where start() says, and
/// an offset the log does not have is a `failed` event, never a silent jump.
///
/// Threads:  one thread owns the consumer; reachable() may be called from any.
/// Lifetime: views from poll() end at the next poll() or close().
/// Limits:   a batch has at most batch_records_max events; prefetch_max bounds what waits.
class Consumer {
public:
    /// Touches no network before it returns. Errors: fatal, naming the property at fault.
    static Outcome<Consumer> open(const Options& options, const ConsumerSettings& settings);
    Consumer(Consumer&&) noexcept;
    Consumer& operator=(Consumer&&) noexcept;
    ~Consumer();

    /// Joins the group for these topics; ownership then comes through next_rebalance().
    Outcome<void> subscribe(const std::vector<std::string>& topics);

    /// Up to batch_records_max events, waiting at most `timeout` for the first only.
    std::span<const Event> poll(std::chrono::milliseconds timeout);

    /// The oldest unanswered change of ownership. It stays until start() or stop() answers it.
    [[nodiscard]] const Rebalance* next_rebalance() const;

    /// Answers an `assigned` rebalance, or begins without a group: consumes each partition from the
    /// given offset on. Cooperative: these are added. Otherwise they are the whole assignment.
    Outcome<void> start(std::span<const Position> positions);

    /// Begins owned partitions again from other offsets, paused ones too; what was fetched of them
    /// is dropped. After a failure some may have begun again; what comes then is of no use until a
    /// restart() succeeds.
    Outcome<void> restart(std::span<const Position> positions);

    /// Gives partitions up, and answers a `revoked` or `lost` rebalance. In an eager group all go.
    Outcome<void> stop(std::span<const TopicPartition> partitions);

    Outcome<void> pause(std::span<const TopicPartition> partitions);
    Outcome<void> resume(std::span<const TopicPartition> partitions);

    /// What the group has committed, in the order asked; empty where there is nothing. Waits for
    /// transactions that hold an offset back.
    Outcome<std::vector<std::optional<Position>>> committed(
        std::span<const TopicPartition> partitions, std::chrono::milliseconds timeout);

    /// Commits offsets with their metadata, outside any transaction, and waits for the answer.
    Outcome<void> commit(std::span<const Position> positions);

    /// The first offset whose record timestamp is at or after the given one; the end if none is.
    Outcome<std::vector<Position>> offsets_for_times(
        std::span<const TopicPartition> partitions,
        std::chrono::sys_time<std::chrono::milliseconds> time, std::chrono::milliseconds timeout);

    /// Asks the broker. Under read_committed `high` is the last stable offset.
    Outcome<Watermarks> query_watermarks(const TopicPartition& partition,
                                         std::chrono::milliseconds timeout);
    /// What the last fetch said: cheap, and empty before the first. `high` counts records of open
    /// transactions, so high > the end's offset means that one is open.
    [[nodiscard]] std::optional<Watermarks> cached_watermarks(
        const TopicPartition& partition) const;

    /// The number of partitions of a topic; 0 when there is no such topic. Never creates one.
    Outcome<int> partition_count(const std::string& topic, std::chrono::milliseconds timeout);

    /// Membership for a commit now. Errors: needs_abort when the assignment is lost.
    Outcome<GroupMetadata> group_metadata() const;
    /// True when the group took the partitions away without asking.
    [[nodiscard]] bool assignment_lost() const;

    [[nodiscard]] bool reachable() const;
    /// Set once the client can do nothing more; the service exits and is started again.
    [[nodiscard]] std::optional<Failure> fatal() const;

    /// Leaves the group, so that others take over at once. What is not committed is not committed.
    /// Waits a few seconds at most.
    void close();

private:
    struct State;
    explicit Consumer(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace weir::kafka
