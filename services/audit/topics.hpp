// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "base/result.hpp"
#include "kafka/consumer.hpp"
#include "kafka/options.hpp"
#include "kafka/range_reader.hpp"

namespace weir::audit {

/// A partition and what its log holds. `end` counts what open transactions still hold back.
struct Extent {
    kafka::TopicPartition where;
    Offset begin{};
    Offset end{};
};

/// Reads topics up to an end that was asked for before, committed records only, and says on
/// standard error how far it has come.
///
/// Problem: what an open transaction hides is not the end. A run that has been committed may still
/// lack its markers in the topics it wrote to; so the end is asked for without regard to
/// transactions, and waited for.
///
/// Threads: one.
class Topics {
public:
    using Handler = std::function<Result<void>(const kafka::RecordView&)>;

    /// Touches no network yet. `stall_timeout`: how long anything is waited for.
    static Result<Topics> open(const kafka::Options& options,
                               std::chrono::milliseconds stall_timeout);

    /// The partitions of a topic. Errors: there is no such topic, or no answer.
    Result<std::vector<Extent>> extents(const std::string& topic);

    /// What the group has committed of these partitions; it is not joined.
    Result<std::vector<std::optional<kafka::Position>>> committed(
        const kafka::Options& options, const std::string& group,
        const std::vector<Extent>& extents);

    /// The first record that was produced at or after the time.
    Result<Offset> first_since(const kafka::TopicPartition& where, EventTime time);

    /// Adds to what the progress is measured by.
    void expect(const std::vector<Extent>& extents);

    /// Hands over the records of a partition in [begin, end), in their order. Errors: those of the
    /// handler, at once; nothing came for the stall time-out; the log has been cut meanwhile.
    Result<void> read(const Extent& extent, const Handler& handler);

    /// Takes the progress off the terminal, for a report.
    void report_follows() { progress_.clear(); }

private:
    Topics(kafka::Consumer committed, kafka::Consumer all, std::chrono::milliseconds stall_timeout);

    template <typename Ask>
    auto insist(Ask ask) const;

    kafka::Consumer committed_;
    kafka::Consumer all_;
    std::chrono::milliseconds stall_timeout_;
    Progress progress_;
    Measure measure_;
    std::uint64_t records_ = 0;
};

}  // namespace weir::audit
