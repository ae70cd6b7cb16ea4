// SPDX-License-Identifier: Apache-2.0
#include "line_parser.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace weir::serial_reader {
namespace {

// The Arduino core prints no more than ten digits before the point (4294967040 is its limit).
constexpr std::size_t whole_digits_max = 10;
constexpr std::size_t calibration_decimals = 2;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// `-?(0|[1-9][0-9]*)(.[0-9]{decimals})?`, the point only with decimals.
bool has_number_form(std::string_view text, std::size_t decimals) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const auto whole = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    if (whole == 0 || whole > whole_digits_max || (whole > 1 && text[0] == '0')) return false;
    text.remove_prefix(whole);
    if (decimals == 0) return text.empty();
    return text.size() == decimals + 1 && text[0] == '.' &&
           std::all_of(text.begin() + 1, text.end(), is_digit);
}

std::optional<double> parse_number(std::string_view text, std::size_t decimals) {
    if (!has_number_form(text, decimals)) return std::nullopt;
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return value;
}

/// What the Arduino core prints for a number it cannot print.
std::optional<Rejection> parse_special(std::string_view text) {
    if (text == "inf" || text == "-inf") return Rejection::infinite;
    if (text == "nan") return Rejection::not_a_number;
    if (text == "ovf") return Rejection::overflow;
    return std::nullopt;
}

std::optional<Calibration> parse_calibration(std::string_view text) {
    constexpr std::string_view before = "Ro: ";
    constexpr std::string_view after = " kohm";
    if (!text.starts_with(before) || !text.ends_with(after) ||
        text.size() <= before.size() + after.size())
        return std::nullopt;
    text = text.substr(before.size(), text.size() - before.size() - after.size());
    if (parse_special(text)) return Calibration{std::numeric_limits<double>::quiet_NaN()};
    const auto ro_kohm = parse_number(text, calibration_decimals);
    if (!ro_kohm) return std::nullopt;
    return Calibration{*ro_kohm};
}

}  // namespace

std::string_view name(Rejection rejection) {
    switch (rejection) {
        case Rejection::empty: return "empty";
        case Rejection::half_line: return "half_line";
        case Rejection::too_long: return "too_long";
        case Rejection::noise: return "noise";
        case Rejection::malformed: return "malformed";
        case Rejection::infinite: return "infinite";
        case Rejection::not_a_number: return "not_a_number";
        case Rejection::overflow: return "overflow";
    }
    return "unknown";
}

Outcome parse_line(const Line& line, std::size_t decimals) {
    if (line.kind == Line::Kind::too_long) return Rejection::too_long;
    const std::string_view text = trimmed(line.text);
    if (const auto calibration = parse_calibration(text)) return *calibration;
    if (line.kind == Line::Kind::headless) return Rejection::half_line;
    if (text.empty()) return Rejection::empty;
    if (!std::all_of(text.begin(), text.end(), is_printable)) return Rejection::noise;
    if (const auto special = parse_special(text)) return *special;
    if (const auto value = parse_number(text, decimals)) return Measurement{*value};
    return Rejection::malformed;
}

}  // namespace weir::serial_reader
