// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aggregation/fingerprint.hpp"
#include "aggregation/reading.hpp"
#include "instruments.hpp"
#include "kafka/consumer.hpp"
#include "key_check.hpp"
#include "lane.hpp"
#include "options.hpp"
#include "outbox.hpp"
#include "output.hpp"
#include "partials.hpp"
#include "runtime/service.hpp"
#include "status_log.hpp"

namespace weir::aggregator {

/// The aggregator at work: partitions come and go, records become rows, rows and offsets are
/// committed together, and whatever fails is done over from the last commit.
///
/// Problem: exactly-once is a property of the whole: what is written, what is committed, who owns
/// the partition, and how memory is built up again. All of it is decided here, in one thread, in
/// steps: read a batch, let each lane take its records, close what the clock says, commit what is
/// due, answer the group. A failure met on the way is kept until the step is over; then everything
/// since the last commit is thrown away (abort), and every partition is taken over as a new owner
/// would. The reasons: docs/decisions/0003-exactly-once-without-a-store.md.
///
/// Threads: the one that calls run().
class Loop {
public:
    /// The consumer and the output are open and not started. Everything given outlives the loop.
    Loop(const Options& options, runtime::Service& service, kafka::Consumer& consumer,
         Output& output, std::optional<Partials> partials, std::optional<StatusLog> status_log,
         Instruments& instruments);

    /// Works until the service stops. Errors: fatal ones, for the supervisor to start us again.
    Result<void> run();

    /// Asked by whatever waits for Kafka: true while waiting makes sense.
    bool patient();

private:
    using Steady = Lane::Steady;

    void step();
    [[nodiscard]] std::chrono::milliseconds wait(Steady now) const;
    void take(const kafka::Event& event, Steady now);
    void stall(Lane& lane);
    void close_quietly(Steady now);
    void judge_absence(Steady now);

    [[nodiscard]] bool commit_due(Steady now) const;
    void commit();
    void start_over();

    void answer_rebalances();
    bool take_over(const std::vector<kafka::TopicPartition>& partitions);
    void give_up(const std::vector<kafka::TopicPartition>& partitions, bool lost);
    /// What comes of partitions without a lane is dropped.
    void forget(const std::vector<kafka::TopicPartition>& partitions);
    kafka::Outcome<std::vector<kafka::Position>> prepare(
        const std::vector<kafka::TopicPartition>& partitions);
    void rebuild();
    kafka::Outcome<std::vector<std::optional<Attendance>>> attendances(
        const std::vector<kafka::TopicPartition>& partitions);
    bool endure(const kafka::Failure& failure);

    void watch_brokers();
    void observe(Steady now);
    Lane* lane(const kafka::RecordView& record) const;
    template <typename Visit>
    void for_each_lane(Visit visit) const;

    const Options& options_;
    runtime::Service& service_;
    kafka::Consumer& consumer_;
    Output& output_;
    std::optional<Partials> partials_;
    std::optional<StatusLog> status_log_;
    Instruments& instruments_;
    runtime::Health::Condition& kafka_ready_;
    runtime::Health::Condition& partitions_ready_;
    runtime::Health::Pulse& pulse_;

    Reader reader_;
    KeyCheck keys_;
    SkewedKeys clocks_;
    Outbox outbox_;
    Workshop workshop_;
    std::optional<Fingerprint> fingerprint_;

    std::vector<kafka::TopicPartition> owned_;
    std::vector<std::unique_ptr<Lane>> lanes_;  ///< by partition; empty while not (yet) whole
    bool caught_up_ = false;
    bool scattered_said_ = false;
    std::optional<Error> fatal_;
    std::string endured_;  ///< why taking over has failed so far; said once
    std::uint64_t replayed_shown_ = 0;
    Steady last_commit_{};
    Steady next_observation_{};
    Steady next_skew_turn_{};
    Steady rebuild_not_before_{};
    int failures_in_a_row_ = 0;  ///< without a commit in between
    std::optional<Steady> stopping_since_;
};

}  // namespace weir::aggregator
