// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "options.hpp"
#include "runtime/service.hpp"

namespace weir::serial_reader {

/// The whole service: reads the port into the buffer and publishes from it, in one loop over
/// poll(), until a stop is requested.
///
/// Threads: runs in the caller's; only the MQTT publisher has threads of its own.
/// Errors:  the buffer's folder cannot be used. A port or a broker that is away is waited for.
Result<void> run(const Options& options, runtime::Service& service);

}  // namespace weir::serial_reader
