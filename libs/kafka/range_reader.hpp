// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "kafka/consumer.hpp"

namespace weir::kafka {

/// Reads a part of a partition, from one offset to another.
///
/// Problem: the end of a part is no record: its last offsets may be markers of transactions,
/// records that were aborted, or gone, and what is read next is then beyond it, or the partition's
/// end.
///
/// Threads:  the consumer's. Lifetime: the consumer, which belongs to no group, outlives it.
class RangeReader {
public:
    explicit RangeReader(Consumer& consumer) : consumer_(&consumer) {}

    /// Begins anew: the records of `where` in [from, end).
    Outcome<void> start(const TopicPartition& where, Offset from, Offset end);

    struct Batch {
        std::span<const RecordView> records;  ///< live until the next call
        bool last = false;                    ///< nothing of the range is left
    };
    /// The next records; none when nothing has come for a moment. Not after the last batch.
    /// Errors: those that waiting does not mend, such as an offset the log does not have any more.
    Outcome<Batch> read();

    /// Everything of the range that lies before it has been read.
    [[nodiscard]] Offset next() const { return next_; }

private:
    Consumer* consumer_;
    TopicPartition where_;
    Offset next_{};
    Offset end_{};
    std::vector<RecordView> records_;
};

}  // namespace weir::kafka
