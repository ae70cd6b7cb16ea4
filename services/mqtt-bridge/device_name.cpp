// SPDX-License-Identifier: Apache-2.0
#include "device_name.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "mqtt/topic.hpp"

namespace weir::mqtt_bridge {
namespace {

constexpr std::size_t device_bytes_max = 255;
constexpr std::size_t shown_bytes_max = 40;

bool has_control_characters(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
}

}  // namespace

Result<std::string_view> device_of(std::string_view topic, const std::vector<std::string>& filters,
                                   std::string_view option) {
    const auto filter =
        std::find_if(filters.begin(), filters.end(),
                     [&](const std::string& candidate) { return mqtt::matches(candidate, topic); });
    if (filter == filters.end())
        return Error{fmt::format("no {} matches the topic {}", option, shown(topic))};
    return mqtt::last_wildcard(*filter, topic);
}

Result<void> check_device(std::string_view device) {
    if (device.empty()) return Error{"the topic names no device"};
    if (device.size() > device_bytes_max)
        return Error{fmt::format("the device's name has {} bytes, {} are allowed", device.size(),
                                 device_bytes_max)};
    if (has_control_characters(device)) return Error{"the device's name has control characters"};
    return {};
}

std::string shown(std::string_view bytes) {
    const bool whole = bytes.size() <= shown_bytes_max;
    return json_quoted(bytes.substr(0, shown_bytes_max)) + (whole ? "" : "...");
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

}  // namespace weir::mqtt_bridge
