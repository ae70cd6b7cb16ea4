// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "aggregation/fingerprint.hpp"
#include "base/result.hpp"
#include "kafka/consumer.hpp"
#include "options.hpp"
#include "window/stream.hpp"

namespace weir::aggregator {

/// How a partition is taken over.
struct Plan {
    window::Stream stream;
    Offset read_from{};               ///< where the consumer starts
    std::optional<Offset> committed;  ///< what is committed already; records below it are replayed
    std::string warning;              ///< what the operator should know, empty if nothing
    /// The checkpoint is in another format than is to be written: it is written again, also if
    /// nothing comes, so that soon all are in one format.
    bool rewrite = false;
};

/// Decides, from what the group has committed and what the log still has, how the windows of a
/// partition are built up again. Pure: the edges ask Kafka.
///
/// Errors (the service does not start): the checkpoint was written with other options, by a
/// version we do not know, by another program, or is beyond the end of the log. With --reset these
/// begin afresh instead, at the committed offset, and the first windows are marked incomplete.
Result<Plan> plan_recovery(const Options& options, const window::Aggregates& aggregates,
                           const Fingerprint& fingerprint,
                           const std::optional<kafka::Position>& committed,
                           const kafka::Watermarks& log);

/// A plan without a past and without a future, for a run that commits nothing: records come from
/// `from` on, and what lies before it is missed.
Plan plan_bounded(const Options& options, const window::Aggregates& aggregates, Offset from);

}  // namespace weir::aggregator
