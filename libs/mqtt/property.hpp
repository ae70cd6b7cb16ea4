// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::mqtt {

/// The MQTT 5 properties a subscriber meets (section 2.2.2.2).
enum class PropertyId : std::uint8_t {
    payload_format = 0x01,
    message_expiry = 0x02,
    content_type = 0x03,
    response_topic = 0x08,
    correlation_data = 0x09,
    subscription_id = 0x0B,
    session_expiry = 0x11,
    assigned_client_id = 0x12,
    server_keep_alive = 0x13,
    auth_method = 0x15,
    auth_data = 0x16,
    response_information = 0x1A,
    server_reference = 0x1C,
    reason_string = 0x1F,
    receive_max = 0x21,
    topic_alias_max = 0x22,
    topic_alias = 0x23,
    qos_max = 0x24,
    retain_available = 0x25,
    user = 0x26,
    packet_bytes_max = 0x27,
    wildcard_available = 0x28,
    subscription_id_available = 0x29,
    shared_available = 0x2A,
};

struct Property {
    PropertyId id;
    std::uint32_t number = 0;  ///< of the numeric ones
    std::string_view name;     ///< of user properties
    std::string_view text;     ///< of user properties and of text and binary ones
};

/// The properties of one packet: a view into its bytes, read one by one without a copy.
class Properties {
public:
    Properties() = default;
    /// `bytes` without the length in front of them. Call valid() before trusting them.
    explicit Properties(std::string_view bytes) : bytes_(bytes) {}

    /// Whether every property is known, whole, of its type, and not twice unless it may be.
    bool valid() const;

    /// The first property with this id.
    std::optional<Property> find(PropertyId id) const;

    /// Calls `visit(const Property&)` for each in order, as far as they can be read.
    template <typename Visit>
    void each(Visit visit) const {
        for (std::string_view rest = bytes_; !rest.empty();) {
            const std::optional<Property> property = take(rest);
            if (!property) return;
            visit(*property);
        }
    }

    bool empty() const { return bytes_.empty(); }
    /// In bytes.
    std::size_t size() const { return bytes_.size(); }

private:
    static std::optional<Property> take(std::string_view& rest);

    std::string_view bytes_;
};

}  // namespace weir::mqtt
