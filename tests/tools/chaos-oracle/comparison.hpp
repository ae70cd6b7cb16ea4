// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "judge.hpp"

namespace weir::chaos {

/// The topics of one aggregator.
struct Names {
    std::string input;
    std::string output;
    std::string late;
    std::string dead;
};

/// Judges all partitions, one after the other: what is held is one partition's rows, late records
/// and dead letters, never its readings. Errors: a topic could not be read to its end.
Result<Findings> compare(const std::string& bootstrap_servers, const Names& names,
                         Expectation::Windows windows);

/// All counts as one line of JSON.
std::string json(const Findings& findings);

}  // namespace weir::chaos
