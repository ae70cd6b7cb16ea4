// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aggregation/result.hpp"
#include "instruments.hpp"
#include "kafka/record.hpp"
#include "options.hpp"
#include "outlet.hpp"
#include "status.hpp"
#include "window/types.hpp"

namespace weir::aggregator {

/// Turns what the windows say into records, counts them and hands them to an outlet.
///
/// Problem: rows come one by one from inside the windows, where nothing can be undone. So the first
/// failure is kept, everything after it is left alone, and the owner of the box looks at it when
/// the windows have finished speaking.
class Outbox {
public:
    Outbox(const Options& options, Outlet& outlet, std::string origin);

    void result(const kafka::TopicPartition& source, const window::Row& row);
    void late(const kafka::RecordView& record, const window::Verdict& verdict);
    void dead(const kafka::RecordView& record, std::string_view reason);
    void status(const kafka::TopicPartition& source, const StatusRecord& record);

    [[nodiscard]] bool failed() const { return failure_.has_value(); }
    void fail(kafka::Failure failure);
    /// The failure, forgotten from then on.
    std::optional<kafka::Failure> take_failure();

    /// Since the last commit.
    Tally tally;

private:
    void pass_on(const kafka::RecordView& record, std::string_view topic,
                 kafka::HeaderList headers);

    const Options& options_;
    Outlet& outlet_;
    std::string origin_;
    ResultWriter writer_;
    StatusWriter status_writer_;
    std::optional<kafka::Failure> failure_;
};

}  // namespace weir::aggregator
