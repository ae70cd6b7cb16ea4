// SPDX-License-Identifier: Apache-2.0
#include "mapping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/text.hpp"
#include "device_name.hpp"
#include "json/timestamp.hpp"
#include "json/writer.hpp"

namespace weir::mqtt_bridge {
namespace {

constexpr std::size_t user_properties_max = 64;

/// Brokers refuse a record that is further ahead (message.timestamp.after.max.ms is an hour where
/// nobody changed it), and with it all others of its batch.
constexpr std::chrono::hours ahead_max{1};

constexpr std::string_view own_prefix = "weir-";

// The headers that a message's properties become; user properties keep their names.
constexpr std::string_view content_type_header = "content-type";
constexpr std::string_view correlation_data_header = "mqtt-correlation-data";
constexpr std::string_view response_topic_header = "mqtt-response-topic";
constexpr std::string_view expiry_header = "mqtt-expiry-seconds";

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

Result<HeaderRule> HeaderRule::parse(std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (equals == std::string_view::npos || name.empty() || equals + 1 == text.size())
        return Error{fmt::format("expected NAME=TEMPLATE, got \"{}\"", text)};
    if (name.starts_with(own_prefix))
        return Error{fmt::format("expected a name that does not begin with {}, got \"{}\"",
                                 own_prefix, name)};
    auto value = MessageTemplate::parse(text.substr(equals + 1));
    if (!value) return value.error();
    return HeaderRule{std::string(name), std::move(*value)};
}

Mapper::Mapper(MappingOptions options)
    : options_(std::move(options)),
      reads_payload_(options_.value == ValueKind::json || options_.key.reads_payload() ||
                     options_.record_time ||
                     std::any_of(
                         options_.headers.begin(), options_.headers.end(),
                         [](const HeaderRule& rule) { return rule.value.reads_payload(); })),
      document_(json::Limits{.bytes_max = options_.payload_bytes_max}),
      made_(options_.headers.size()) {}

Result<Mapped> Mapper::map(const mqtt::Publish& message, EventTime arrival) {
    if (!is_utf8(message.topic)) return Error{"the topic is not UTF-8"};
    if (message.payload_size > options_.payload_bytes_max)
        return Error{fmt::format("the payload has {} bytes, {} are allowed", message.payload_size,
                                 options_.payload_bytes_max)};
    if (message.payload.size() < message.payload_size)
        return Error{fmt::format("only {} of the payload's {} bytes fit beside the properties",
                                 message.payload.size(), message.payload_size)};
    const std::string_view text = trimmed(message.payload);
    if (auto read = read_payload(text); !read) return read.error();
    if (auto device = find_device(message); !device) return device.error();
    auto mapped = [&]() -> Result<Mapped> {
        if (options_.value == ValueKind::raw) return Mapped{device_, message.payload};
        return is_object_ ? map_object(text, arrival) : map_number(text, arrival);
    }();
    if (!mapped) return mapped;
    if (auto added = add_headers(message); !added) return added.error();
    mapped->headers = headers_;
    if (options_.record_time) {
        const auto time = record_time(arrival);
        if (!time) return time.error();
        mapped->timestamp_ms = *time;
    }
    return mapped;
}

/// What is no object is a matter of who wants to look into it.
Result<void> Mapper::read_payload(std::string_view text) {
    is_object_ = false;
    if (text.empty() && options_.value == ValueKind::json) return Error{"the payload is empty"};
    if (!reads_payload_ || !text.starts_with('{')) return {};
    if (auto read = document_.read(text); !read) return read;
    is_object_ = true;
    return {};
}

/// A topic that no filter matches comes by a subscription of before, whatever names the device.
Result<void> Mapper::find_device(const mqtt::Publish& message) {
    const auto device = device_of(message.topic, options_.filters, "--topic");
    if (!device) return device.error();
    device_ = *device;
    if (!options_.key.empty())
        if (auto filled = options_.key.apply(message, object(), device_); !filled) return filled;
    return check_device(device_);
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

Result<void> Mapper::add_headers(const mqtt::Publish& message) {
    headers_.clear();
    if (auto added = add_properties(message); !added) return added;
    // Last, because of a name that comes twice the last one counts.
    for (std::size_t i = 0; i < options_.headers.size(); ++i) {
        const HeaderRule& rule = options_.headers[i];
        if (auto filled = rule.value.apply(message, object(), made_[i]); !filled)
            return Error{fmt::format("header {}: {}", rule.name, filled.error().message)};
        add_header(rule.name, made_[i]);
    }
    return {};
}

Result<void> Mapper::add_properties(const mqtt::Publish& message) {
    if (options_.properties == Passage::skip) return {};
    Result<void> outcome;
    message.properties.each([&](const mqtt::Property& property) {
        if (outcome) outcome = add_property(property);
    });
    return outcome;
}

Result<void> Mapper::add_property(const mqtt::Property& property) {
    switch (property.id) {
        case mqtt::PropertyId::user:
            // Weir's own headers say what Weir knows; a device cannot.
            if (property.name.starts_with(own_prefix))
                return Error{fmt::format("the user property {} has a name that is reserved",
                                         shown(property.name))};
            if (headers_.size() >= user_properties_max)
                return Error{fmt::format("the message has more than {} properties",
                                         user_properties_max)};
            add_header(property.name, property.text);
            break;
        case mqtt::PropertyId::content_type:
            add_header(content_type_header, property.text);
            break;
        case mqtt::PropertyId::correlation_data:
            add_header(correlation_data_header, property.text);
            break;
        case mqtt::PropertyId::response_topic:
            add_header(response_topic_header, property.text);
            break;
        case mqtt::PropertyId::message_expiry:
            expiry_ = std::to_string(property.number);
            add_header(expiry_header, expiry_);
            break;
        default: break;  // between the MQTT broker and us
    }
    return {};
}

void Mapper::add_header(std::string_view name, std::string_view value) {
    headers_.push_back({name, value});
}

Result<std::int64_t> Mapper::record_time(EventTime arrival) const {
    const json::Pointer& pointer = *options_.record_time;
    const auto value = is_object_ ? document_.find(pointer) : std::nullopt;
    const json::Type type = value ? value->type() : json::Type::null;
    if (type != json::Type::string && type != json::Type::number)
        return Error{fmt::format("the payload has no time at {}", pointer.text())};
    const auto time =
        json::parse_timestamp(type == json::Type::string ? value->string() : value->raw());
    if (!time) return Error{fmt::format("at {}: {}", pointer.text(), time.error().message)};
    if (*time > arrival + ahead_max)
        return Error{fmt::format("the time at {} is more than an hour ahead", pointer.text())};
    return std::chrono::floor<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

}  // namespace weir::mqtt_bridge
