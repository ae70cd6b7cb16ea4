// SPDX-License-Identifier: Apache-2.0
#include "json/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

namespace weir::json {
namespace {

/// A finite number as decimal digits: 0.d1d2d3... times ten to the power `point`.
struct Decimal {
    bool negative = false;
    int count = 0;
    int point = 0;
    std::array<char, 24> digits{};

    [[nodiscard]] std::string_view text() const {
        return {digits.data(), static_cast<std::size_t>(count)};
    }
};

/// Reads what std::to_chars(scientific) wrote: `-d.ddde+XX`.
Decimal read_scientific(std::string_view text) {
    Decimal decimal;
    if (text.front() == '-') {
        decimal.negative = true;
        text.remove_prefix(1);
    }
    const std::size_t mark = text.find('e');
    for (const char character : text.substr(0, mark))
        if (character != '.') decimal.digits[static_cast<std::size_t>(decimal.count++)] = character;
    std::string_view exponent = text.substr(mark + 1);
    if (exponent.front() == '+') exponent.remove_prefix(1);
    std::from_chars(exponent.data(), exponent.data() + exponent.size(), decimal.point);
    decimal.point += 1;
    while (decimal.count > 1 && decimal.digits[static_cast<std::size_t>(decimal.count - 1)] == '0')
        --decimal.count;
    return decimal;
}

/// The shortest digits that read back as `value`, and among those the nearest to it.
template <typename T>
Decimal shortest(T value, NumberStyle style) {
    std::array<char, 48> buffer;
    char* const last = buffer.data() + buffer.size();
    auto end = std::to_chars(buffer.data(), last, value, std::chars_format::scientific).ptr;
    Decimal decimal = read_scientific({buffer.data(), end});
    // Java wants two digits at least and takes the nearest of those: 4.9E-324, not 5.0E-324.
    // Only a subnormal number is so coarse that the second digit matters.
    if (style == NumberStyle::java && decimal.count == 1 &&
        std::fabs(value) < std::numeric_limits<T>::min()) {
        end = std::to_chars(buffer.data(), last, value, std::chars_format::scientific, 1).ptr;
        decimal = read_scientific({buffer.data(), end});
    }
    return decimal;
}

void append_fixed(std::string& out, const Decimal& decimal) {
    const std::string_view digits = decimal.text();
    if (decimal.point <= 0) {
        out += "0.";
        out.append(static_cast<std::size_t>(-decimal.point), '0');
        out += digits;
        return;
    }
    const auto whole = static_cast<std::size_t>(decimal.point);
    out += digits.substr(0, whole);
    if (digits.size() <= whole) {
        out.append(whole - digits.size(), '0');
        out += ".0";
    } else {
        out += '.';
        out += digits.substr(whole);
    }
}

void append_java_scientific(std::string& out, const Decimal& decimal) {
    const std::string_view digits = decimal.text();
    out += digits.front();
    out += '.';
    out += digits.size() > 1 ? digits.substr(1) : std::string_view("0");
    out += 'E';
    append_number(out, std::int64_t{decimal.point - 1});
}

void append_python_scientific(std::string& out, const Decimal& decimal) {
    const std::string_view digits = decimal.text();
    out += digits.front();
    if (digits.size() > 1) {
        out += '.';
        out += digits.substr(1);
    }
    const int exponent = decimal.point - 1;
    out += exponent < 0 ? "e-" : "e+";
    if (std::abs(exponent) < 10) out += '0';
    append_number(out, std::int64_t{std::abs(exponent)});
}

template <typename T>
void append_floating(std::string& out, T value, NumberStyle style) {
    if (std::isnan(value)) {
        out += "\"NaN\"";
        return;
    }
    if (std::isinf(value)) {
        out += value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
        return;
    }
    if (std::signbit(value)) out += '-';
    if (value == 0) {
        out += "0.0";
        return;
    }
    const Decimal decimal = shortest(value, style);
    // `point` p means that the value is in [1e(p-1), 1e(p)).
    const bool java = style == NumberStyle::java;
    const bool fixed =
        java ? decimal.point > -3 && decimal.point <= 7 : decimal.point > -4 && decimal.point <= 16;
    if (fixed)
        append_fixed(out, decimal);
    else if (java)
        append_java_scientific(out, decimal);
    else
        append_python_scientific(out, decimal);
}

/// Adds one to the last of `digits`; true when a carry went out at the front (all were nines).
bool increment(std::array<char, 24>& digits, int count) {
    for (int i = count - 1; i >= 0; --i) {
        char& digit = digits[static_cast<std::size_t>(i)];
        if (digit != '9') {
            ++digit;
            return false;
        }
        digit = '0';
    }
    return true;
}

/// Reads back 0.digits times ten to the power `point`.
template <typename T>
T assemble(const Decimal& decimal, int count) {
    std::array<char, 48> buffer;
    char* out = buffer.data();
    if (decimal.negative) *out++ = '-';
    *out++ = '0';
    *out++ = '.';
    out = std::copy_n(decimal.digits.data(), count, out);
    *out++ = 'e';
    out = std::to_chars(out, buffer.data() + buffer.size(), decimal.point).ptr;
    T value = 0;
    std::from_chars(buffer.data(), out, value);
    return value;
}

template <typename T>
T round_decimal(T value, int decimals) {
    WEIR_ASSERT(decimals >= 0, "rounding is to a number of decimals, never to tens");
    if (!std::isfinite(value)) return value;
    if (value == 0) return T{0};
    Decimal decimal = shortest(value, NumberStyle::java);
    const std::int64_t kept = std::int64_t{decimal.point} + decimals;
    if (kept >= decimal.count) return value;
    if (kept < 0) return T{0};
    const bool up = decimal.digits[static_cast<std::size_t>(kept)] >= '5';
    auto count = static_cast<int>(kept);
    if (up && increment(decimal.digits, count)) {
        // 9.995 -> 10.00, and with no digit kept 0.6 -> 1: the carry is the only digit that is set.
        decimal.digits[0] = '1';
        decimal.point += 1;
        count = 1;
    }
    return count == 0 ? T{0} : assemble<T>(decimal, count);
}

bool is_digit(char character) { return character >= '0' && character <= '9'; }

/// Where the parts of a JSON number are.
struct NumberParts {
    bool negative = false;
    std::string_view whole;
    std::string_view fraction;
    std::int64_t exponent = 0;  ///< cut to +-1e9, which is beyond every use
};

std::string_view take_digits(std::string_view& text) {
    std::size_t size = 0;
    while (size < text.size() && is_digit(text[size]))
        ++size;
    const std::string_view digits = text.substr(0, size);
    text.remove_prefix(size);
    return digits;
}

std::optional<std::int64_t> take_exponent(std::string_view& text) {
    constexpr std::int64_t exponent_max = 1'000'000'000;
    text.remove_prefix(1);
    bool negative = false;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        negative = text.front() == '-';
        text.remove_prefix(1);
    }
    const std::string_view digits = take_digits(text);
    if (digits.empty()) return std::nullopt;
    std::int64_t exponent = 0;
    for (const char digit : digits)
        exponent = std::min(exponent * 10 + (digit - '0'), exponent_max);
    return negative ? -exponent : exponent;
}

std::optional<NumberParts> split_number(std::string_view text) {
    NumberParts parts;
    if (!text.empty() && text.front() == '-') {
        parts.negative = true;
        text.remove_prefix(1);
    }
    parts.whole = take_digits(text);
    if (parts.whole.empty() || (parts.whole.size() > 1 && parts.whole.front() == '0'))
        return std::nullopt;
    if (!text.empty() && text.front() == '.') {
        text.remove_prefix(1);
        parts.fraction = take_digits(text);
        if (parts.fraction.empty()) return std::nullopt;
    }
    if (!text.empty() && (text.front() == 'e' || text.front() == 'E')) {
        const auto exponent = take_exponent(text);
        if (!exponent) return std::nullopt;
        parts.exponent = *exponent;
    }
    if (!text.empty()) return std::nullopt;
    return parts;
}

/// Texts in messages are cut, so that a broken record cannot make a message of any size.
std::string_view shown(std::string_view text) { return text.substr(0, 40); }

Error not_a_number(std::string_view text) {
    return Error{fmt::format("expected a number, got \"{}\"", shown(text))};
}

/// True when the number's magnitude is below one, so that "out of range" can only mean too small.
bool is_tiny(const NumberParts& parts) {
    const auto leading = [](std::string_view digits) { return digits.find_first_not_of('0'); };
    const std::size_t in_whole = leading(parts.whole);
    if (in_whole != std::string_view::npos)
        return static_cast<std::int64_t>(parts.whole.size() - in_whole) + parts.exponent <= 0;
    const std::size_t in_fraction = leading(parts.fraction);
    if (in_fraction == std::string_view::npos) return true;
    return parts.exponent - static_cast<std::int64_t>(in_fraction) <= 0;
}

/// A number of few digits is the quotient of two integers that the type holds exactly, so a single
/// division rounds it, and rounds it once (Clinger, "How to Read Floating Point Numbers
/// Accurately", PLDI 1990). Nothing for any other, which need not be a number at all.
template <typename T>
std::optional<T> parse_short(std::string_view text) {
    constexpr std::uint64_t exact_max = std::uint64_t{1} << std::numeric_limits<T>::digits;
    constexpr auto powers = [] {
        std::array<T, std::numeric_limits<T>::digits10> all{1};
        for (std::size_t i = 1; i < all.size(); ++i)
            all[i] = all[i - 1] * 10;
        return all;
    }();
    constexpr std::size_t digits_max = 18;  // of any number within 64 bits
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    if (text.empty() || text.size() > digits_max || !is_digit(text.front()) ||
        (text.front() == '0' && text.size() > 1 && text[1] != '.'))
        return std::nullopt;
    std::uint64_t digits = 0;
    std::size_t point = text.size();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_digit(text[i]))
            digits = digits * 10 + static_cast<std::uint64_t>(text[i] - '0');
        else if (text[i] == '.' && point == text.size() && i + 1 < text.size())
            point = i;
        else
            return std::nullopt;
    }
    const std::size_t decimals = point == text.size() ? 0 : text.size() - point - 1;
    if (digits > exact_max || decimals >= powers.size()) return std::nullopt;
    const T value = static_cast<T>(digits) / powers[decimals];
    return negative ? -value : value;
}

template <typename T>
Result<T> parse_floating(std::string_view text, const char* type) {
    if (const auto value = parse_short<T>(text)) return *value;
    T value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto parts = split_number(text);
    if (!parts) return not_a_number(text);
    if (error == std::errc::result_out_of_range || std::isinf(value)) {
        if (is_tiny(*parts)) return parts->negative ? -T{0} : T{0};
        return Error{
            fmt::format("expected a number within the range of {}, got {}", type, shown(text))};
    }
    WEIR_ASSERT(end == text.data() + text.size(), "JSON's numbers are a subset of from_chars's");
    return value;
}

}  // namespace

void append_number(std::string& out, double value, NumberStyle style) {
    append_floating(out, value, style);
}

void append_number(std::string& out, float value, NumberStyle style) {
    append_floating(out, value, style);
}

void append_number(std::string& out, std::int64_t value) {
    std::array<char, 24> buffer;
    out.append(buffer.data(),
               std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
}

double round_half_up(double value, int decimals) { return round_decimal(value, decimals); }

float round_half_up(float value, int decimals) { return round_decimal(value, decimals); }

Result<double> parse_double(std::string_view text) {
    return parse_floating<double>(text, "a double");
}

Result<float> parse_float(std::string_view text) {
    return parse_floating<float>(text, "a 32-bit float");
}

Result<std::int64_t> parse_int64(std::string_view text) {
    const auto scaled = scale_decimal(text, 0);
    if (!scaled.ok()) return scaled.error();
    if (!scaled->exact) return Error{fmt::format("expected an integer, got {}", shown(text))};
    return scaled->value;
}

Result<ScaledInteger> scale_decimal(std::string_view text, int shift) {
    const auto parts = split_number(text);
    if (!parts) return not_a_number(text);
    const auto digit = [&](std::size_t i) -> int {
        if (i < parts->whole.size()) return parts->whole[i] - '0';
        return parts->fraction[i - parts->whole.size()] - '0';
    };
    const std::size_t digits = parts->whole.size() + parts->fraction.size();
    const std::int64_t taken =
        static_cast<std::int64_t>(parts->whole.size()) + parts->exponent + shift;
    ScaledInteger scaled;
    bool overflow = false;
    std::size_t i = 0;
    for (; i < digits && static_cast<std::int64_t>(i) < taken && !overflow; ++i) {
        const int signed_digit = parts->negative ? -digit(i) : digit(i);
        overflow = __builtin_mul_overflow(scaled.value, std::int64_t{10}, &scaled.value) ||
                   __builtin_add_overflow(scaled.value, std::int64_t{signed_digit}, &scaled.value);
    }
    for (auto zeros = static_cast<std::int64_t>(i); zeros < taken && scaled.value != 0 && !overflow;
         ++zeros)
        overflow = __builtin_mul_overflow(scaled.value, std::int64_t{10}, &scaled.value);
    if (overflow)
        return Error{fmt::format("expected a number within 64 bits, got {}", shown(text))};
    for (; i < digits; ++i)
        scaled.exact = scaled.exact && digit(i) == 0;
    return scaled;
}

bool is_number(std::string_view text) { return split_number(text).has_value(); }

}  // namespace weir::json
