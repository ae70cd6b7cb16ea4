// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "kafka/failure.hpp"

namespace weir::chaos {

/// What is to be written, and where.
struct Load {
    std::string bootstrap_servers;
    std::string topic;
    std::uint64_t seed = 0;
    std::uint64_t rate = 0;     ///< records in a second
    std::uint64_t seconds = 0;  ///< how long; rate * seconds records in all
};

/// How it went.
struct Written {
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;
    double seconds = 0;
};

/// Writes `load` at its rate; what a stalled cluster held up follows as fast as it can. Nothing is
/// given up: it waits for the brokers for ever. Errors: the client can do nothing more.
kafka::Outcome<Written> write(const Load& load);

}  // namespace weir::chaos
