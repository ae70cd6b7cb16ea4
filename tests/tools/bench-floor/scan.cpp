// SPDX-License-Identifier: Apache-2.0
#include "scan.hpp"

#include <charconv>
#include <chrono>

namespace bench_floor {
namespace {

unsigned digits(const char* text, int count) {
    unsigned value = 0;
    for (int i = 0; i < count; ++i)
        value = value * 10 + static_cast<unsigned>(text[i] - '0');
    return value;
}

/// Of `2024-10-07 13:02:54.927410`.
std::int64_t micros(const char* text) {
    using namespace std::chrono;
    const year_month_day date{year{static_cast<int>(digits(text, 4))}, month{digits(text + 5, 2)},
                              day{digits(text + 8, 2)}};
    const std::int64_t minutes =
        (std::int64_t{sys_days{date}.time_since_epoch().count()} * 24 + digits(text + 11, 2)) * 60 +
        digits(text + 14, 2);
    return (minutes * 60 + digits(text + 17, 2)) * 1'000'000 + digits(text + 20, 6);
}

constexpr std::string_view before_time = R"({"timestamp":")";
constexpr std::size_t time_size = 26;
constexpr std::string_view before_device = R"(","device_name":")";
constexpr std::string_view before_data = R"(","data":)";

}  // namespace

std::optional<Reading> scan(std::string_view value) {
    constexpr std::size_t device_at = before_time.size() + time_size + before_device.size();
    if (value.size() < device_at || !value.starts_with(before_time)) return std::nullopt;
    Reading reading;
    reading.time_us = micros(value.data() + before_time.size());
    const std::size_t device_end = value.find('"', device_at);
    if (device_end == std::string_view::npos) return std::nullopt;
    reading.device = value.substr(device_at, device_end - device_at);
    const char* const data = value.data() + device_end + before_data.size();
    const char* const end = value.data() + value.size();
    if (data >= end) return std::nullopt;
    if (std::from_chars(data, end, reading.data).ec != std::errc{}) return std::nullopt;
    return reading;
}

}  // namespace bench_floor
