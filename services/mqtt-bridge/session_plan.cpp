// SPDX-License-Identifier: Apache-2.0
#include "session_plan.hpp"

namespace weir::mqtt_bridge {

SessionPlan whole_session(const Options& options) {
    return {options.mqtt.client_id, options.topics, options.in_flight, options.in_flight_size};
}

}  // namespace weir::mqtt_bridge
