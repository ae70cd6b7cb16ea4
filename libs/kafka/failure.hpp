// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::kafka {

/// What the caller does next about a failure. Kafka has some hundred error codes; a service needs
/// to know only which of these four it met.
enum class Meaning {
    retriable,    ///< The same call may succeed later: wait a moment and call again.
    needs_abort,  ///< What was done since the last commit does not count: abort, recover, go on.
    rejected,     ///< This record or request will never be accepted: give it up, not the client.
    fatal,        ///< This client is finished: exit non-zero and be started again.
};

std::string_view name(Meaning meaning);

/// An expected failure of a call to Kafka.
struct Failure {
    Meaning meaning = Meaning::fatal;
    int code = 0;         ///< librdkafka's code, for the log only; decide by `meaning`
    std::string message;  ///< doing what, and what Kafka said
};

template <typename T>
using Outcome = Result<T, Failure>;

/// True when the failure means that another producer uses our transactional id by now.
bool is_fenced(const Failure& failure);

/// True when a topic or its partition is not there. Retriable, for it may be created any moment.
bool is_missing_topic(const Failure& failure);

/// What librdkafka says about an error beside its code.
struct ErrorFlags {
    bool fatal = false;
    bool requires_abort = false;
    bool retriable = false;
};

/// The meaning of an error code of a call outside transactions, of a delivery or of an event.
Meaning classify(int code);

/// The meaning of an error of a transactional call. The flags decide, in the order of rdkafka.h's
/// chapter "Transactional producer API"; what has no flag is fatal, as it advises.
Meaning classify(int code, ErrorFlags flags);

}  // namespace weir::kafka
