// SPDX-License-Identifier: Apache-2.0
#include "mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.hpp"
#include "json/timestamp.hpp"
#include "json/writer.hpp"
#include "mqtt/topic.hpp"

namespace weir::mqtt_bridge {
namespace {

constexpr std::size_t device_bytes_max = 255;
constexpr std::size_t shown_bytes_max = 40;

/// White space around a payload (a line end, most often) means nothing.
std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

bool has_control_characters(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7F;
    });
}

/// The payload in a sentence: its beginning, as JSON text so that any byte can be shown.
std::string shown(std::string_view payload) {
    const bool whole = payload.size() <= shown_bytes_max;
    return json_quoted(payload.substr(0, shown_bytes_max)) + (whole ? "" : "...");
}

/// A decimal number as sensors print it: `863.850`, `+5`, `.5`, `5.`, `1e3`.
std::optional<double> parse_number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
    // "inf", "nan" and "infinity" are numbers for from_chars().
    if (digits.empty() ||
        !(digits.front() == '.' || (digits.front() >= '0' && digits.front() <= '9')))
        return std::nullopt;
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (stop != end || error != std::errc{} || !std::isfinite(value)) return std::nullopt;
    return value;
}

}  // namespace

Mapper::Mapper(MappingOptions options)
    : options_(std::move(options)),
      document_(json::Limits{.bytes_max = options_.payload_bytes_max}) {}

Result<Mapped> Mapper::map(std::string_view topic, std::string_view payload,
                           std::size_t payload_size, EventTime arrival) {
    if (auto device = find_device(topic); !device) return device.error();
    if (payload_size > options_.payload_bytes_max)
        return Error{fmt::format("the payload has {} bytes, {} are allowed", payload_size,
                                 options_.payload_bytes_max)};
    const std::string_view text = trimmed(payload);
    if (text.empty()) return Error{"the payload is empty"};
    return text.front() == '{' ? map_object(text, arrival) : map_number(text, arrival);
}

Result<void> Mapper::find_device(std::string_view topic) {
    if (!is_utf8(topic)) return Error{"the topic is not UTF-8"};
    if (!options_.key.empty()) {
        if (auto filled = options_.key.apply(topic, device_); !filled) return filled;
    } else {
        const auto filter = std::find_if(
            options_.filters.begin(), options_.filters.end(),
            [&](const std::string& candidate) { return mqtt::matches(candidate, topic); });
        if (filter == options_.filters.end())
            return Error{fmt::format("no --topic matches the topic {}", shown(topic))};
        device_ = mqtt::last_wildcard(*filter, topic);
    }
    if (device_.empty()) return Error{"the topic names no device"};
    if (device_.size() > device_bytes_max)
        return Error{fmt::format("the device's name has {} bytes, {} are allowed", device_.size(),
                                 device_bytes_max)};
    if (has_control_characters(device_)) return Error{"the device's name has control characters"};
    return {};
}

Result<Mapped> Mapper::map_number(std::string_view text, EventTime arrival) {
    const std::optional<double> number = parse_number(text);
    if (!number)
        return Error{fmt::format("expected a finite number or a JSON object, got {}", shown(text))};
    value_.clear();
    json::Writer writer(value_, json::NumberStyle::python);
    writer.begin_object().key("timestamp").string(json::plain(arrival));
    writer.key("device_name").string(device_).key("data").number(*number).end_object();
    return Mapped{device_, value_, true};
}

Result<Mapped> Mapper::map_object(std::string_view text, EventTime arrival) {
    if (auto read = document_.read(text); !read) return read.error();
    bool has_time = false;
    bool has_name = false;
    bool has_any = false;
    for (const json::Member& member : document_.root().members()) {
        has_time = has_time || member.key == "timestamp";
        has_name = has_name || member.key == "device_name";
        has_any = true;
    }
    if (has_time && has_name) return Mapped{device_, text, false};
    value_.clear();
    json::Writer writer(value_, json::NumberStyle::python);
    writer.begin_object();
    if (!has_time) writer.key("timestamp").string(json::plain(arrival));
    if (!has_name) writer.key("device_name").string(device_);
    if (has_any) value_ += ',';
    value_ += text.substr(1);  // the object's own members and its closing brace
    return Mapped{device_, value_, !has_time};
}

}  // namespace weir::mqtt_bridge
