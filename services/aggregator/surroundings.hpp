// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kafka/admin.hpp"
#include "options.hpp"

namespace weir::aggregator {

/// What there is of what the options name, as far as it was asked for.
struct Surroundings {
    /// The topics of the options that exist, with their configs.
    std::vector<kafka::TopicState> topics;
    /// The broker's bound of a transaction's time-out.
    std::optional<std::chrono::milliseconds> transaction_timeout_max;
    /// Why partitions could not be taken over from what the group has committed.
    std::vector<std::string> refusals;

    /// The newest records of the input.
    struct Sample {
        std::uint64_t records = 0;
        std::uint64_t dead = 0;
        std::string dead_reason;      ///< of the last one
        std::uint64_t scattered = 0;  ///< readings whose group came under another record key, too
        std::string scattered_group;  ///< of the last one
    };
    Sample sample;
};

/// How long a record may be needed after it was produced, as far as event time tells: what the
/// input must keep, for windows to be built up again.
std::chrono::milliseconds memory_span(const Options& options);

/// What does not fit between the options and their surroundings: a sentence each, with what was
/// expected and found. Pure.
std::vector<std::string> misfits(const Options& options, const Surroundings& found);

}  // namespace weir::aggregator
