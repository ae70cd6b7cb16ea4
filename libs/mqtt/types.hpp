// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace weir::mqtt {

/// How often a message may arrive (MQTT 5 section 4.3).
enum class Qos : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

/// Whether the broker keeps the message as the topic's last one.
enum class Retain : std::uint8_t { no = 0, yes = 1 };

/// The protocol level, as CONNECT carries it.
enum class Version : std::uint8_t { v3_1_1 = 4, v5 = 5 };

constexpr std::uint8_t number(Qos qos) { return static_cast<std::uint8_t>(qos); }
constexpr std::uint8_t number(Version version) { return static_cast<std::uint8_t>(version); }

}  // namespace weir::mqtt
