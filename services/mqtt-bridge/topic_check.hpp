// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "kafka/options.hpp"
#include "options.hpp"

namespace weir::mqtt_bridge {

/// Why the Kafka topics cannot be used.
struct Obstacle {
    std::string sentence;
    bool may_pass = true;  ///< false: only other options, or other topics, help
};

/// The most bytes that the producer puts into one batch, as --kafka has it.
std::uint64_t batch_bytes(const kafka::Options& options);

/// Whether the topics are there, and those written to take the producer's batches.
///
/// Problem: a broker refuses a batch as a whole. Were its limit for a topic below the size of our
/// batches, a backlog of good readings would be refused, and buried, together.
///
/// A broker that does not show the limit (it may ask for rights) is taken to be content.
Result<void, Obstacle> check_topics(const Options& options, std::chrono::milliseconds wait);

}  // namespace weir::mqtt_bridge
