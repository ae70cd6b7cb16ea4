// SPDX-License-Identifier: Apache-2.0
#include "mqtt/property.hpp"

#include "base/text.hpp"
#include "mqtt/wire.hpp"

namespace weir::mqtt {
namespace {

enum class Type { none, byte, two_bytes, four_bytes, variable, text, binary, pair };

Type type_of(PropertyId id) {
    switch (id) {
        case PropertyId::payload_format:
        case PropertyId::qos_max:
        case PropertyId::retain_available:
        case PropertyId::wildcard_available:
        case PropertyId::subscription_id_available:
        case PropertyId::shared_available: return Type::byte;
        case PropertyId::server_keep_alive:
        case PropertyId::receive_max:
        case PropertyId::topic_alias_max:
        case PropertyId::topic_alias: return Type::two_bytes;
        case PropertyId::message_expiry:
        case PropertyId::session_expiry:
        case PropertyId::packet_bytes_max: return Type::four_bytes;
        case PropertyId::subscription_id: return Type::variable;
        case PropertyId::content_type:
        case PropertyId::response_topic:
        case PropertyId::assigned_client_id:
        case PropertyId::auth_method:
        case PropertyId::response_information:
        case PropertyId::server_reference:
        case PropertyId::reason_string: return Type::text;
        case PropertyId::correlation_data:
        case PropertyId::auth_data: return Type::binary;
        case PropertyId::user: return Type::pair;
    }
    return Type::none;
}

bool may_repeat(PropertyId id) {
    return id == PropertyId::user || id == PropertyId::subscription_id;
}

template <typename Number>
bool set_number(Property& property, std::optional<Number> number) {
    if (number) property.number = *number;
    return number.has_value();
}

bool set_text(std::string_view& target, std::optional<std::string_view> text) {
    if (text) target = *text;
    return text.has_value();
}

bool read_value(Reader& reader, Property& property) {
    switch (type_of(property.id)) {
        case Type::byte: return set_number(property, reader.byte());
        case Type::two_bytes: return set_number(property, reader.two_bytes());
        case Type::four_bytes: return set_number(property, reader.four_bytes());
        case Type::variable: return set_number(property, reader.variable());
        case Type::binary: return set_text(property.text, reader.text());
        case Type::text: return set_text(property.text, reader.text()) && is_utf8(property.text);
        case Type::pair:
            return set_text(property.name, reader.text()) &&
                   set_text(property.text, reader.text()) && is_utf8(property.name) &&
                   is_utf8(property.text);
        case Type::none: return false;
    }
    return false;
}

}  // namespace

std::optional<Property> Properties::take(std::string_view& rest) {
    Reader reader(rest);
    // The id is a variable byte integer; all that exist fit one byte.
    const auto id = reader.byte();
    if (!id) return std::nullopt;
    Property property{.id = static_cast<PropertyId>(*id), .number = 0, .name = {}, .text = {}};
    if (!read_value(reader, property)) return std::nullopt;
    rest = reader.rest();
    return property;
}

bool Properties::valid() const {
    std::uint64_t seen = 0;
    static_assert(static_cast<unsigned>(PropertyId::shared_available) < 64);
    for (std::string_view rest = bytes_; !rest.empty();) {
        const std::optional<Property> property = take(rest);
        if (!property) return false;
        const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(property->id);
        if ((seen & bit) != 0 && !may_repeat(property->id)) return false;
        seen |= bit;
    }
    return true;
}

std::optional<Property> Properties::find(PropertyId id) const {
    for (std::string_view rest = bytes_; !rest.empty();) {
        const std::optional<Property> property = take(rest);
        if (!property || property->id == id) return property;
    }
    return std::nullopt;
}

}  // namespace weir::mqtt
