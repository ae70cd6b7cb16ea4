// SPDX-License-Identifier: Apache-2.0
#include "base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

namespace weir {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Longest first within a letter, so that "ms" is not read as "m" followed by "s".
constexpr std::array duration_units{
    Unit{"d", 86'400'000'000},
    Unit{"h", 3'600'000'000},
    Unit{"ms", 1'000},
    Unit{"m", 60'000'000},
    Unit{"us", 1},
    Unit{"s", 1'000'000},
};

constexpr std::array size_units{
    Unit{"GiB", 1ULL << 30},
    Unit{"MiB", 1ULL << 20},
    Unit{"KiB", 1ULL << 10},
    Unit{"GB", 1'000'000'000},
    Unit{"MB", 1'000'000},
    Unit{"KB", 1'000},
    Unit{"B", 1},
};

// Above this a double no longer holds every integer, and no option means such a value.
constexpr double quantity_max = 9e15;

/// `total` as a whole number; a fraction of the smallest unit would be cut off unseen. What remains
/// of multiplying decimals in double is no fraction.
std::optional<std::uint64_t> whole(double total) {
    const double nearest = std::round(total);
    if (!(total >= 0 && total <= quantity_max) || std::abs(total - nearest) > 1e-3)
        return std::nullopt;
    return static_cast<std::uint64_t>(nearest);
}

/// Takes `<number>` off the front of `text`.
std::optional<double> take_number(std::string_view& text) {
    if (text.empty() || !(text.front() >= '0' && text.front() <= '9')) return std::nullopt;
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

template <std::size_t size>
const Unit* take_unit(std::string_view& text, const std::array<Unit, size>& units) {
    for (const Unit& unit : units) {
        if (text.starts_with(unit.name)) {
            text.remove_prefix(unit.name.size());
            return &unit;
        }
    }
    return nullptr;
}

}  // namespace

Result<std::chrono::microseconds> parse_duration(std::string_view text) {
    if (text == "0") return std::chrono::microseconds{0};
    const Error error{
        fmt::format("expected a duration such as 250ms, 15s or 1m30s, got \"{}\"", text)};
    double total = 0;
    std::string_view rest = text;
    do {
        const auto value = take_number(rest);
        const Unit* unit = value ? take_unit(rest, duration_units) : nullptr;
        if (unit == nullptr) return error;
        total += *value * static_cast<double>(unit->factor);
    } while (!rest.empty());
    const auto micros = whole(total);
    if (!micros) return error;
    return std::chrono::microseconds{static_cast<std::int64_t>(*micros)};
}

std::string format_duration(std::chrono::microseconds duration) {
    constexpr std::array largest_first{Unit{"d", 86'400'000'000}, Unit{"h", 3'600'000'000},
                                       Unit{"m", 60'000'000},     Unit{"s", 1'000'000},
                                       Unit{"ms", 1'000},         Unit{"us", 1}};
    auto rest = static_cast<std::uint64_t>(duration.count());
    if (rest == 0) return "0s";
    std::string text;
    for (const Unit& unit : largest_first) {
        if (rest >= unit.factor) text += fmt::format("{}{}", rest / unit.factor, unit.name);
        rest %= unit.factor;
    }
    return text;
}

Result<Bytes> parse_bytes(std::string_view text) {
    std::string_view rest = text;
    const auto value = take_number(rest);
    constexpr Unit bytes{"", 1};
    const Unit* unit = rest.empty() ? &bytes : take_unit(rest, size_units);
    const auto count =
        value && unit != nullptr ? whole(*value * static_cast<double>(unit->factor)) : std::nullopt;
    if (!rest.empty() || !count)
        return Error{fmt::format("expected a size such as 512KiB, 64MiB or 1GB, got \"{}\"", text)};
    return Bytes{*count};
}

std::string format_bytes(Bytes bytes) {
    for (const Unit& unit :
         {Unit{"GiB", 1ULL << 30}, Unit{"MiB", 1ULL << 20}, Unit{"KiB", 1ULL << 10}})
        if (bytes.count > 0 && bytes.count % unit.factor == 0)
            return fmt::format("{}{}", bytes.count / unit.factor, unit.name);
    return fmt::format("{}B", bytes.count);
}

}  // namespace weir
