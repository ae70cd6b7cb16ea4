// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/failure.hpp"

namespace weir::mqtt_bridge {

/// What becomes of a record that Kafka did not take.
enum class Next {
    leave,       ///< nothing: we are closing, and the MQTT broker sends its message again
    send_again,  ///< the same record: it was not refused for its own sake
    bury,        ///< its message as a dead letter
    stop,        ///< the bridge ends: an operator or a fresh process must help
};

/// `is_record`: it is not a dead letter, which cannot be buried. The producer itself waits for
/// brokers to come back, so that what it gives up is a topic that is not there, or a record whose
/// batch was refused because of another one.
inline Next next_step(const kafka::Failure& failure, bool is_record) {
    switch (failure.meaning) {
        case kafka::Meaning::needs_abort: return Next::leave;
        case kafka::Meaning::retriable:
            return kafka::is_missing_topic(failure) ? Next::stop : Next::send_again;
        case kafka::Meaning::rejected: return is_record ? Next::bury : Next::stop;
        case kafka::Meaning::fatal: return Next::stop;
    }
    return Next::stop;
}

}  // namespace weir::mqtt_bridge
