// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// Numbers as text and back, exactly: the digits are part of the contract with the systems that
/// read and wrote these topics before.
namespace weir::json {

/// How a binary floating-point number is written. Both styles write the shortest digits that read
/// back as the same number; they differ in the layout.
enum class NumberStyle : std::uint8_t {
    /// As Double.toString and Float.toString write it (and so Spark's JSON): `1.0`, `863.852`,
    /// scientific outside [1e-3, 1e7): `1.0E7`, `1.0E-4`.
    java,
    /// As Python's repr writes it: `863.85`, `7.0`, scientific outside [1e-4, 1e16): `1e+16`.
    python,
};

/// Appends `value` in `style`. JSON has no NaN and no infinity: those are appended as the strings
/// "NaN", "Infinity" and "-Infinity" with their quotes, as Spark does.
void append_number(std::string& out, double value, NumberStyle style);
void append_number(std::string& out, float value, NumberStyle style);
void append_number(std::string& out, std::int64_t value);

/// `value` rounded half up (ties away from zero) to `decimals` places (0 or more), on its shortest
/// decimal form and not on its binary value: 1.0005 has a binary value just below the tie and is
/// still rounded up to 1.001. The same as Java's
/// `new BigDecimal(Double.toString(value)).setScale(decimals, HALF_UP).doubleValue()`, which is
/// what Spark's round() does; so there is no negative zero in the answer. NaN and infinity are
/// returned as they are.
[[nodiscard]] double round_half_up(double value, int decimals);
[[nodiscard]] float round_half_up(float value, int decimals);

/// Reads a number in JSON's grammar (RFC 8259 section 6): the nearest double, or float, to the
/// decimal text, rounded once (a float is not read by way of a double). Too small to represent is
/// zero. Errors: not a JSON number (NaN and infinity are named), or beyond the type's range.
Result<double> parse_double(std::string_view text);
Result<float> parse_float(std::string_view text);

/// Reads a JSON number whose value is an integer: `7`, `7.0` and `7e0` are, `7.5` is not.
/// Errors: not a number, not an integer, beyond 64 bits.
Result<std::int64_t> parse_int64(std::string_view text);

/// The answer of scale_decimal().
struct ScaledInteger {
    std::int64_t value = 0;
    bool exact = true;  ///< false when digits below the integer were cut off
};

/// A JSON number times ten to the power `shift`, cut towards zero to an integer; exact in decimal.
/// Errors: not a JSON number; beyond 64 bits.
Result<ScaledInteger> scale_decimal(std::string_view text, int shift);

/// True when the whole of `text` is a number in JSON's grammar.
[[nodiscard]] bool is_number(std::string_view text);

}  // namespace weir::json
