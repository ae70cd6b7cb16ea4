// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <span>

#include "kafka/consumer.hpp"
#include "kafka/failure.hpp"
#include "kafka/producer.hpp"
#include "kafka/record.hpp"

struct rd_kafka_error_s;

namespace weir::kafka {

/// Transactions of a producer that has a transactional id: records and input offsets become
/// visible together or not at all.
///
/// Each call that may be repeated is repeated here while it fails as retriable, so that a caller
/// sees only needs_abort (call abort(), recover, begin anew) and fatal (exit). A commit whose
/// answer is lost is asked again until its fate is known.
///
/// Threads:  the one that owns the producer.
/// Lifetime: the producer must outlive it.
class Transactions {
public:
    /// Asked between attempts; false ends the waiting with the last failure, made fatal: the fate
    /// is then unknown, and the next start finds it out.
    using Patience = std::function<bool()>;

    Transactions(Producer& producer, Patience patience);

    /// Once, before the first begin(): ends what a former life of this transactional id left open
    /// and fences it.
    Outcome<void> init();

    Outcome<void> begin();

    /// Adds the input's positions, with their metadata, to the transaction. The membership of
    /// `member` is proved at each attempt. Errors: needs_abort, too, when it is lost.
    Outcome<void> send_offsets(std::span<const Position> positions, const Consumer& member);

    Outcome<void> commit();

    /// Ends the transaction as if it had never been.
    Outcome<void> abort();

    [[nodiscard]] bool open() const { return open_; }

private:
    Outcome<void> insist(const char* doing, const std::function<rd_kafka_error_s*()>& call);

    Producer& producer_;
    Patience patience_;
    bool open_ = false;
};

}  // namespace weir::kafka
