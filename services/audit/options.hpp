// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "aggregation/from.hpp"
#include "aggregation/rules.hpp"
#include "config/command.hpp"
#include "kafka/options.hpp"
#include "until.hpp"

namespace weir::audit {

/// Those of the aggregator whose work is audited, by its names, and where to look.
struct Options : aggregation::Rules {
    kafka::Options kafka;
    std::string input;
    std::string output;
    std::string late;
    std::string dead_letter;
    std::string group = "aggregator";
    aggregation::From from;
    Until until;
    std::string compare;  ///< another topic of results; empty: the aggregator's work is audited
    std::uint64_t examples = 20;
    Bytes memory_max{1ULL << 30};
    milliseconds stall_timeout = std::chrono::minutes{1};

    void declare(config::Command& command);

private:
    void declare_topics(config::Command& command);
    void declare_verdict(config::Command& command);
    void check(std::vector<std::string>& mistakes) const;
};

}  // namespace weir::audit
