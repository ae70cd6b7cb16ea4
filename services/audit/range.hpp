// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "options.hpp"
#include "topics.hpp"
#include "window/checkpoint.hpp"

namespace weir::audit {

/// What is audited of one partition of the input.
struct Range {
    kafka::TopicPartition where;
    Offset begin{};
    Offset end{};
    bool log_is_cut = false;  ///< there were records before `begin`
    std::optional<window::Checkpoint> checkpoint;
    std::string note;  ///< what the reader of the verdict should know; empty if nothing
};

/// The range of each partition, by --from, --until and what the group has committed. Errors: no
/// answer, an offset that the log does not have any more, a group that has committed nothing or by
/// other options.
Result<std::vector<Range>> find_ranges(const Options& options, Topics& topics);

}  // namespace weir::audit
