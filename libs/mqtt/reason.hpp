// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::mqtt {

/// From this value on an MQTT 5 reason code is a failure (MQTT 5 section 2.4).
constexpr std::uint8_t reason_failure_min = 0x80;

/// An MQTT 5 reason code in words: 0x87 is "not authorized".
std::string_view reason_text(std::uint8_t code);

/// A CONNACK return code of MQTT 3.1.1 in words (section 3.2.2.3).
std::string_view connect_return_text(std::uint8_t code);

}  // namespace weir::mqtt
