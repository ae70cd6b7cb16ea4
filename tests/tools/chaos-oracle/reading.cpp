// SPDX-License-Identifier: Apache-2.0
#include "reading.hpp"

#include <algorithm>
#include <charconv>

namespace weir::chaos {
namespace {

constexpr Micros max_ahead = 3600LL * 1'000'000;

bool skip(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// Takes what is before `end`, and `end`.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
    const auto place = text.find(end);
    if (place == std::string_view::npos) return std::nullopt;
    const std::string_view taken = text.substr(0, place);
    text.remove_prefix(place + 1);
    return taken;
}

/// The whole of `text` as a number; digits, a point and a sign only.
template <typename Number>
std::optional<Number> number(std::string_view text) {
    if (text.find_first_not_of("0123456789.-") != std::string_view::npos) return std::nullopt;
    Number value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
}

}  // namespace

std::optional<Reading> parse_reading(std::string_view value, std::int64_t produced_ms) {
    Reading reading;
    if (!skip(value, R"({"timestamp":")")) return std::nullopt;
    const auto time = take_until(value, '"');
    if (!time || !skip(value, R"(,"device_name":")")) return std::nullopt;
    const auto device = take_until(value, '"');
    if (!device || !is_plain(*device) || !skip(value, R"(,"data":)")) return std::nullopt;
    const auto data = take_until(value, ',');
    if (!data || !skip(value, R"("units":)")) return std::nullopt;
    const auto units = take_until(value, '}');
    if (!units || !value.empty()) return std::nullopt;

    const auto micros = parse_time(*time);
    if (!micros || *micros < 0 || *micros > produced_ms * 1000 + max_ahead) return std::nullopt;
    reading.time = *micros;
    reading.device = *device;
    if (*data != "null") {
        reading.data = number<double>(*data);
        if (!reading.data) return std::nullopt;
    }
    if (*units != "null") {
        reading.units = number<std::int64_t>(*units);
        if (!reading.units) return std::nullopt;
    }
    return reading;
}

}  // namespace weir::chaos
