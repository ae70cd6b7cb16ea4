// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "kafka/failure.hpp"
#include "workload.hpp"

namespace weir::bench {

/// What became of the readings.
struct Counts {
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;
};

/// Writes the workload to the topic as fast as it takes it, and to each of its partitions the last
/// reading. Errors: the producer refuses all records.
kafka::Outcome<Counts> write(const std::string& servers, const std::string& topic,
                             std::int32_t partitions, Workload workload);

}  // namespace weir::bench
