// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"

namespace weir::audit {

/// Compares --output with --compare and prints what differs, and the counts. True when they are
/// alike. Errors: a topic could not be read to its end, holds something that is no result, does
/// not fit into --memory-max, or has nothing in common with the other.
Result<bool> run_comparison(const Options& options);

}  // namespace weir::audit
