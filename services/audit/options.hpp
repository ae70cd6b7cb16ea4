// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "config/command.hpp"
#include "kafka/options.hpp"

namespace weir::audit {

struct Options {
    kafka::Options kafka;
    std::string output;
    std::string compare;  ///< another topic of results
    std::uint64_t examples = 20;
    Bytes memory_max{1ULL << 30};
    std::chrono::milliseconds stall_timeout = std::chrono::minutes{1};

    void declare(config::Command& command);
};

}  // namespace weir::audit
