// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside libs/mqtt only: what a broker cannot do for a subscriber, and what to do about it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mqtt/packet.hpp"
#include "mqtt/property.hpp"

namespace weir::mqtt {

/// Why subscribing to these filters is bound to fail at a broker that says so in its CONNACK;
/// `subscribe_bytes` is the size of the packet. Empty: nothing is known against it.
std::string obstacle(const Properties& connack, const std::vector<Subscription>& subscriptions,
                     std::size_t subscribe_bytes);

/// That the broker keeps our session for less time than we asked for. Empty: it does not.
std::string expiry_warning(const Properties& connack, std::uint32_t wanted_s);

/// That filters were granted at a lower QoS than asked for, or optional ones not at all. `codes` is
/// SUBACK's, one for each. Empty: all is well.
std::string grant_warning(std::string_view codes, const std::vector<Subscription>& subscriptions);

}  // namespace weir::mqtt
