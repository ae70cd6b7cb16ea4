// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"

namespace weir::topics {

/// Waits for the brokers, creates what is missing, compares what is there, and prints one line per
/// topic. True when every topic is as the list asks (see Differences). Errors: the brokers did
/// not answer in time, or refused.
Result<bool> run(const Options& options);

}  // namespace weir::topics
