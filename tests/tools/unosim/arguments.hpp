// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace weir::unosim {

/// What the command line says.
struct Arguments {
    std::string firmware;                        ///< ELF file
    double speed = 1.0;                          ///< MCU seconds per second; 0 = as fast as it goes
    std::map<unsigned, std::uint32_t> voltages;  ///< analog pin -> millivolts at power-up
    std::optional<std::string> profile;          ///< file of voltages over time
    unsigned profile_pin = 3;
    std::optional<std::string> link;  ///< symbolic link to the pseudo terminal
    bool help = false;
};

/// The text of --help.
extern const char* const usage;

/// Errors: one sentence that names the argument and what was expected.
Result<Arguments> parse_arguments(int argc, const char* const* argv);

/// A decimal number of at most `max`, all of `text`.
std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t max);

/// Analog pins A0 to A7 and the voltages the converter takes, in millivolts.
constexpr std::uint32_t pin_max = 7;
constexpr std::uint32_t millivolts_max = 5000;

}  // namespace weir::unosim
