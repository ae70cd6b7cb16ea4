// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <variant>

#include "line_framer.hpp"

namespace weir::serial_reader {

/// A measured value: finite.
struct Measurement {
    double value = 0;
};

/// The sketch's first line after power-up: the sensor's resistance in clean air. Not finite when
/// the sketch could not calibrate itself.
struct Calibration {
    double ro_kohm = 0;
};

/// Why a line gave neither.
enum class Rejection {
    empty,
    half_line,     ///< its beginning or its end was not seen
    too_long,      ///< longer than the limit
    noise,         ///< a byte that is not printable ASCII: a disturbed line or a wrong baud rate
    malformed,     ///< printable, and neither a number of the expected form nor a calibration
    infinite,      ///< `inf`: the sensor's output is at the supply voltage
    not_a_number,  ///< `nan`: the sketch was calibrated without a sensor
    overflow,      ///< `ovf`: more than the Arduino core can print
};

inline constexpr std::array rejections{
    Rejection::empty,     Rejection::half_line, Rejection::too_long,     Rejection::noise,
    Rejection::malformed, Rejection::infinite,  Rejection::not_a_number, Rejection::overflow};

/// The name of a rejection in metrics and logs, in snake_case.
std::string_view name(Rejection rejection);

using Outcome = std::variant<Measurement, Calibration, Rejection>;

/// Reads one line of the sketch's: a decimal number with exactly `decimals` digits after the
/// point, or `Ro: <number> kohm`. Blanks around it are allowed.
///
/// The format has no checksum. Insisting on the digits after the point finds a lost or doubled
/// byte there and two lines that ran into one; a lost byte before the point passes as a number.
///
/// A headless line is a half line unless it is a whole calibration.
Outcome parse_line(const Line& line, std::size_t decimals);

}  // namespace weir::serial_reader
