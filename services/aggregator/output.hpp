// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "kafka/consumer.hpp"
#include "kafka/producer.hpp"
#include "kafka/transactions.hpp"
#include "options.hpp"
#include "outlet.hpp"

namespace weir::aggregator {

/// Writes results, late records and dead letters, and makes them count together with the input
/// offsets they follow from.
///
/// Exactly once: all of it in one transaction, opened by the first record. At least once: offsets
/// are committed after every record has been answered; a crash in between repeats records.
///
/// Errors of every call: needs_abort (abort(), recover the partitions, go on) and fatal (exit); of
/// send() also rejected (the record is larger than the client allows, nothing has happened).
/// Threads: one.
class Output final : public Outlet {
public:
    /// A transactional id for records that are written at least once.
    static constexpr const char* no_transactions = "";

    /// `patience` is asked while Kafka keeps us waiting; false gives up (then fatal).
    static kafka::Outcome<Output> open(const Options& options, const std::string& transactional_id,
                                       std::function<bool()> patience);

    /// Once, before anything else; waits for the brokers. Ends what a former life left open.
    kafka::Outcome<void> init();

    /// Hands a record over; waits while too many are unanswered.
    kafka::Outcome<void> send(const kafka::OutgoingRecord& record) override;

    /// How many records have been sent since the last commit() or abort().
    [[nodiscard]] std::uint64_t pending() const { return pending_; }

    /// Makes everything sent, and these positions, count.
    kafka::Outcome<void> commit(std::span<const kafka::Position> positions,
                                kafka::Consumer& consumer);

    /// Waits until everything sent has been answered (at least once).
    kafka::Outcome<void> settle();

    /// Forgets what was sent since the last commit; at least once, it may have been written.
    kafka::Outcome<void> abort();

    /// Serves answers and client events; call it now and then.
    void poll() { producer_->poll(std::chrono::milliseconds{0}); }
    [[nodiscard]] bool reachable() const { return producer_->reachable(); }
    [[nodiscard]] std::optional<kafka::Failure> fatal() const { return producer_->fatal(); }

private:
    Output(const Options& options, std::string transactional_id, std::function<bool()> patience);

    kafka::Outcome<void> open_producer();
    kafka::Outcome<void> abort_transaction();
    kafka::Outcome<void> commit_transaction(std::span<const kafka::Position> positions,
                                            kafka::Consumer& consumer);
    kafka::Outcome<void> commit_plainly(std::span<const kafka::Position> positions,
                                        kafka::Consumer& consumer);

    const Options& options_;
    std::string transactional_id_;  ///< empty: at least once
    std::unique_ptr<kafka::Producer> producer_;
    /// The first record that was not delivered since the last commit (at least once).
    std::shared_ptr<std::optional<kafka::Failure>> lost_;
    std::function<bool()> patience_;
    std::optional<kafka::Transactions> transactions_;
    std::uint64_t pending_ = 0;
};

}  // namespace weir::aggregator
