// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/progress.hpp"
#include "base/result.hpp"
#include "kafka/record.hpp"

namespace weir::aggregator {

/// Input that has an end: streams one after the other, each of records with rising offsets.
/// Threads: one.
class BoundedInput {
public:
    virtual ~BoundedInput() = default;

    struct Stream {
        kafka::TopicPartition where;
        Offset from{};  ///< what lies before it is not read
    };
    /// Goes to the next stream; nothing when there is none left. The one before has been read.
    virtual Result<std::optional<Stream>> next_stream() = 0;

    struct Batch {
        std::span<const kafka::RecordView> records;  ///< live until the next call
        bool last = false;                           ///< of this stream
    };
    /// The next records of the stream; none when nothing has come for a moment.
    virtual Result<Batch> read() = 0;

    /// How far it has come.
    [[nodiscard]] virtual Measure measure() const = 0;

    /// Where a record of the last batch is, for people.
    [[nodiscard]] virtual std::string place(const kafka::RecordView& record) const = 0;
};

}  // namespace weir::aggregator
