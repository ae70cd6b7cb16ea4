// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "options.hpp"
#include "runtime/service.hpp"

namespace weir::device_simulator {

/// Publishes readings at their times until the service is to stop or there are no more. The time of
/// the simulation begins with the first connection to the broker. Errors: the recording is broken.
Result<void> run(const Options& options, runtime::Service& service);

}  // namespace weir::device_simulator
