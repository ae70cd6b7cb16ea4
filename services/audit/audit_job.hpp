// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"

namespace weir::audit {

/// Audits the work of the aggregator that the options are of, and prints a table and what is not as
/// it must be. True when everything is. Errors: what is needed could not be read, does not fit into
/// --memory-max, is of other options, or is gone from a log.
Result<bool> run_audit(const Options& options);

}  // namespace weir::audit
