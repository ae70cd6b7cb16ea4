// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/types.hpp"
#include "config/codec.hpp"
#include "json/document.hpp"
#include "kafka/record.hpp"
#include "message_template.hpp"
#include "mqtt/packet.hpp"

namespace weir::mqtt_bridge {

/// What the record's value is.
enum class ValueKind {
    json,  ///< a JSON object with a time and a device
    raw,   ///< the payload's bytes, whatever they are
};

constexpr auto choices_of(ValueKind) {
    return std::array{std::pair{std::string_view("json"), ValueKind::json},
                      std::pair{std::string_view("raw"), ValueKind::raw}};
}

/// Whether something is passed on.
enum class Passage { forward, skip };

constexpr auto choices_of(Passage) {
    return std::array{std::pair{std::string_view("forward"), Passage::forward},
                      std::pair{std::string_view("skip"), Passage::skip}};
}

/// A header that is made of the message: `NAME=TEMPLATE`.
struct HeaderRule {
    std::string name;
    MessageTemplate value;

    /// Errors: no name, one that is Weir's own (`weir-…`), or no template.
    static Result<HeaderRule> parse(std::string_view text);
    std::string text() const { return name + "=" + value.text(); }
};

/// The record a message becomes. The views live until the next message.
struct Mapped {
    std::string_view key;  ///< the device
    std::string_view value;  ///< data() nullptr: a tombstone
    bool stamped = false;    ///< the time in it is that of the arrival
    std::span<const kafka::Header> headers{};
    std::int64_t timestamp_ms = 0;  ///< of the record; 0: now
    bool is_status = false;         ///< of the device, not a reading: see StatusMapper
};

struct MappingOptions {
    std::vector<std::string> filters;
    MessageTemplate key{};  ///< empty: what the last wildcard of the matching filter stands for
    std::size_t payload_bytes_max = 256UL << 10;
    ValueKind value = ValueKind::json;
    std::vector<HeaderRule> headers{};
    Passage properties = Passage::forward;
    std::optional<json::Pointer> record_time{};
};

/// Turns MQTT messages into records.
///
/// A bare number becomes `{"timestamp":...,"device_name":...,"data":...}` with the arrival as its
/// time. An object is kept byte for byte; of `timestamp` and `device_name`, what it lacks is put in
/// front. Anything else is refused with a sentence for the dead letter, unless values are raw.
///
/// Pure. Threads: one at a time. Limits: allocates nothing once its buffers have grown; of user
/// properties a message may have 64.
class Mapper {
public:
    explicit Mapper(MappingOptions options);

    /// A message that holds only the beginning of its payload is refused.
    Result<Mapped> map(const mqtt::Publish& message, EventTime arrival);

private:
    Result<void> read_payload(std::string_view text);
    Result<void> find_device(const mqtt::Publish& message);
    Result<Mapped> map_number(std::string_view text, EventTime arrival);
    Result<Mapped> map_object(std::string_view text, EventTime arrival);
    Result<void> add_headers(const mqtt::Publish& message);
    Result<void> add_properties(const mqtt::Publish& message);
    Result<void> add_property(const mqtt::Property& property);
    void add_header(std::string_view name, std::string_view value);
    Result<std::int64_t> record_time(EventTime arrival) const;
    [[nodiscard]] const json::Document* object() const { return is_object_ ? &document_ : nullptr; }

    const MappingOptions options_;
    const bool reads_payload_;
    json::Document document_;
    bool is_object_ = false;
    std::string device_;
    std::string value_;
    std::vector<std::string> made_;  // the values of options_.headers
    std::string expiry_;
    std::vector<kafka::Header> headers_;
};

}  // namespace weir::mqtt_bridge

template <>
struct weir::config::Codec<weir::mqtt_bridge::HeaderRule> {
    static Result<mqtt_bridge::HeaderRule> parse(std::string_view text) {
        return mqtt_bridge::HeaderRule::parse(text);
    }
    static std::string format(const mqtt_bridge::HeaderRule& value) { return value.text(); }
    static std::string metavar() { return "NAME=TEMPLATE"; }
};
