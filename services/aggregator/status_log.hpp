// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "attendance.hpp"
#include "kafka/consumer.hpp"
#include "options.hpp"
#include "status.hpp"

namespace weir::aggregator {

/// Reads the status topic back when partitions are taken over.
///
/// Problem: what a former owner committed must all be seen, and a transaction it committed may not
/// yet be over in this topic when its offsets are already told. So a partition is read until its
/// last stable offset is its high watermark: nothing is undecided then, and whoever might still
/// write is refused by the group.
///
/// Threads: one.
class StatusLog {
public:
    /// `patience` is asked while it waits; false gives up.
    static kafka::Outcome<StatusLog> open(const Options& options, std::function<bool()> patience);

    /// The attendance of each input partition, in the order given: status partition = input
    /// partition. Reads the topic from its beginning. Errors: retriable when it does not come to
    /// the end (the brokers are away, a transaction is not over); fatal for a record that is none.
    kafka::Outcome<std::vector<Attendance>> load(std::span<const kafka::TopicPartition> inputs);

private:
    struct Part;

    StatusLog(const Options& options, kafka::Consumer consumer, std::function<bool()> patience);

    kafka::Outcome<void> read(std::span<Part> parts);
    kafka::Outcome<void> take(const kafka::RecordView& record, Part& part);

    const Options& options_;
    kafka::Consumer consumer_;
    StatusParser parser_;
    std::function<bool()> patience_;
};

}  // namespace weir::aggregator
