// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "options.hpp"

namespace weir::mqtt_bridge {

/// An MQTT session as it is to be. The client id says which it is.
struct SessionPlan {
    std::string client_id;
    std::vector<std::string> filters;
    std::uint32_t in_flight;
    Bytes in_flight_size;
};

/// All filters in one session: that of a bridge that shares with nobody.
SessionPlan whole_session(const Options& options);

}  // namespace weir::mqtt_bridge
