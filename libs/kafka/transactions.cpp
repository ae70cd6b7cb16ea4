// SPDX-License-Identifier: Apache-2.0
#include "kafka/transactions.hpp"

#include <optional>
#include <thread>

#include "kafka/client.hpp"

namespace weir::kafka {
namespace {

// Many times what a loaded broker takes, and soon enough to notice that one has gone.
constexpr int request_timeout_ms = 2000;
// Resumable, so a short wait costs nothing and patience is asked often.
constexpr int init_timeout_ms = 1000;
constexpr int commit_timeout_ms = 1000;
constexpr int abort_timeout_ms = 1000;
// The brokers end a transaction themselves after about as long.
constexpr std::chrono::seconds abort_max{10};
constexpr std::chrono::milliseconds pause_between_attempts{50};

}  // namespace

Transactions::Transactions(Producer& producer, Patience patience)
    : producer_(producer), patience_(std::move(patience)) {}

Outcome<void> Transactions::insist(const char* doing,
                                   const std::function<rd_kafka_error_s*()>& call) {
    while (rd_kafka_error_t* error = call()) {
        Failure failure = failure_of(doing, error);
        if (failure.meaning != Meaning::retriable) return failure;
        if (!patience_()) {
            failure.meaning = Meaning::fatal;
            return failure;
        }
        std::this_thread::sleep_for(pause_between_attempts);
    }
    return {};
}

Outcome<void> Transactions::init() {
    return insist("initializing transactions", [this] {
        return rd_kafka_init_transactions(producer_.native(), init_timeout_ms);
    });
}

Outcome<void> Transactions::begin() {
    auto outcome = insist("beginning a transaction",
                          [this] { return rd_kafka_begin_transaction(producer_.native()); });
    open_ = outcome.ok();
    return outcome;
}

Outcome<void> Transactions::send_offsets(std::span<const Position> positions,
                                         const Consumer& member) {
    const PartitionList list = partition_list(positions);
    std::optional<Failure> lost;
    auto outcome = insist("adding offsets to a transaction", [&]() -> rd_kafka_error_t* {
        const auto group = member.group_metadata();
        if (!group) {
            lost = group.error();
            return nullptr;
        }
        return rd_kafka_send_offsets_to_transaction(producer_.native(), list.get(),
                                                    group->native(), request_timeout_ms);
    });
    if (lost) return *lost;
    return outcome;
}

/// In steps, so that a stop need not wait for brokers that do not answer: each goes on where the
/// one before it was. What rdkafka.h warns of, a fate that nobody asks for any more, comes about
/// only when patience ends, and with it the producer.
Outcome<void> Transactions::commit() {
    auto outcome = insist("committing a transaction", [this] {
        return rd_kafka_commit_transaction(producer_.native(), commit_timeout_ms);
    });
    if (outcome) open_ = false;
    return outcome;
}

/// In steps, because librdkafka 2.0 may never return from the wait it advises: seen when the
/// group's coordinator had moved in a broker's restart. What it warns of, a state that is no longer
/// the brokers', ends with the producer, which the caller replaces.
Outcome<void> Transactions::abort() {
    const auto deadline = std::chrono::steady_clock::now() + abort_max;
    auto outcome = insist("aborting a transaction", [&]() -> rd_kafka_error_t* {
        rd_kafka_error_t* const error =
            rd_kafka_abort_transaction(producer_.native(), abort_timeout_ms);
        if (error == nullptr || !rd_kafka_error_is_retriable(error) ||
            std::chrono::steady_clock::now() < deadline)
            return error;
        rd_kafka_error_destroy(error);
        return rd_kafka_error_new(RD_KAFKA_RESP_ERR__TIMED_OUT, "no answer within %d s",
                                  static_cast<int>(abort_max.count()));
    });
    if (outcome) open_ = false;
    return outcome;
}

}  // namespace weir::kafka
