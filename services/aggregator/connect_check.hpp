// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "options.hpp"

namespace weir::aggregator {

/// `--check --connect`: looks at the brokers, the topics, what the group has committed and the
/// newest records of the input, and adds a sentence for everything that does not fit the options.
/// Joins no group, writes and commits nothing. Each question is given up after seconds, and that is
/// said.
void check_connected(const Options& options, std::vector<std::string>& mistakes);

}  // namespace weir::aggregator
