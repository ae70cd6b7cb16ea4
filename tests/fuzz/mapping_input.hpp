// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "device_status.hpp"
#include "input.hpp"
#include "json/document.hpp"
#include "mapping.hpp"
#include "mqtt/packet.hpp"

namespace weir::fuzz {

/// 2024-10-07 13:02:45.123456 UTC
inline constexpr EventTime arrival{std::chrono::microseconds{1'728'306'165'123'456}};

inline constexpr std::size_t payload_bytes_max = 2'000;

/// What must hold of every record.
inline void check_record(const mqtt_bridge::Mapped& mapped, bool is_json) {
    WEIR_ASSERT(!mapped.key.empty() && mapped.key.size() <= 255, "a record has a device");
    WEIR_ASSERT(is_utf8(mapped.key), "a device's name is text");
    for (const kafka::Header& header : mapped.headers)
        WEIR_ASSERT(!header.name.starts_with("weir-"), "a device does not speak for Weir");
    if (!is_json || mapped.value.data() == nullptr) return;
    json::Document document(json::Limits{.bytes_max = 2 * payload_bytes_max + 1'000});
    WEIR_ASSERT(document.read(mapped.value).ok(), "a value is a JSON object");
    WEIR_ASSERT(document.find(json::Pointer::member("device_name")), "a value names its device");
    WEIR_ASSERT(document.find(json::Pointer::member(mapped.is_status ? "time" : "timestamp")),
                "a value has a time");
}

/// The reason becomes a header, which is text.
inline void check_reason(const Error& error) {
    WEIR_ASSERT(!error.message.empty() && is_utf8(error.message), "a reason is a sentence");
}

/// A message of any topic, properties and payload, mapped with templates that may be anything, too.
///
/// The input: a byte of options, a key template, a header rule, a topic and properties, each a
/// text, and then the payload.
inline void map_message(std::string_view bytes) {
    Input input(bytes);
    const unsigned choice = input.byte();
    const std::string_view key_text = input.text();
    const std::string_view rule_text = input.text();
    const auto key = mqtt_bridge::MessageTemplate::parse(key_text);
    const auto rule = mqtt_bridge::HeaderRule::parse(rule_text);
    mqtt_bridge::MappingOptions options{.filters = {"t/+", "#"},
                                        .payload_bytes_max = payload_bytes_max};
    if ((choice & 1U) != 0) options.value = mqtt_bridge::ValueKind::raw;
    if ((choice & 2U) != 0) options.properties = mqtt_bridge::Passage::skip;
    if ((choice & 4U) != 0) options.record_time = json::Pointer::member("at");
    // What an operator writes is text; what a device sends is anything.
    if (key && is_utf8(key_text) && (choice & 8U) != 0) options.key = *key;
    if (rule && is_utf8(rule_text)) options.headers.push_back(*rule);

    mqtt::Publish message{};
    message.topic = input.text();
    const mqtt::Properties properties(input.text());
    if (properties.valid()) message.properties = properties;  // others do not come this far
    message.payload = input.rest();
    message.payload_size = message.payload.size() + ((choice & 16U) != 0 ? 1 : 0);
    message.retained = (choice & 32U) != 0;
    if (message.topic.empty()) return;

    const bool is_json = options.value == mqtt_bridge::ValueKind::json;
    mqtt_bridge::Mapper mapper(std::move(options));
    for (int twice = 0; twice < 2; ++twice) {  // the second time in used buffers
        const auto mapped = mapper.map(message, arrival);
        mapped ? check_record(*mapped, is_json) : check_reason(mapped.error());
    }
    mqtt_bridge::StatusMapper statuses({"t/+"});
    const auto status = statuses.map(message, arrival);
    status ? check_record(*status, true) : check_reason(status.error());
    WEIR_ASSERT(!status || statuses.claims(message.topic), "a status is of a status topic");
}

}  // namespace weir::fuzz
