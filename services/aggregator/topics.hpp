// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/result.hpp"
#include "options.hpp"
#include "runtime/service.hpp"

namespace weir::aggregator {

/// Waits, for ever, until the brokers answer and every topic of the options exists: services never
/// create topics. Says once what is missing. Returns without error when `patient`, asked again and
/// again, says false.
///
/// Errors: the brokers refuse us, or the input is compacted: a compacted log forgets the readings
/// that windows are built up from. Or the status topic is not compacted, or has too few partitions.
Result<void> await_topics(const Options& options, runtime::Service& service,
                          const std::function<bool()>& patient);

/// The same for a run that ends: waits while `patient` for brokers that do not answer, but not for
/// topics that are missing. Errors: as above, a topic is missing, no answer.
Result<void> require_topics(const Options& options, const std::function<bool()>& patient);

}  // namespace weir::aggregator
