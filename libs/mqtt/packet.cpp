// SPDX-License-Identifier: Apache-2.0
#include "mqtt/packet.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "mqtt/reason.hpp"
#include "mqtt/wire.hpp"

namespace weir::mqtt {
namespace {

constexpr std::uint8_t malformed_packet = 0x81;
constexpr std::uint8_t protocol_error = 0x82;
constexpr std::uint8_t topic_name_invalid = 0x90;
constexpr std::uint8_t topic_alias_invalid = 0x94;
constexpr std::uint8_t packet_too_large = 0x95;

constexpr std::uint8_t user_flag = 0x80;
constexpr std::uint8_t password_flag = 0x40;
constexpr std::uint8_t clean_start_flag = 0x02;
constexpr std::uint8_t retain_handling_new_only = 0x10;  // SUBSCRIBE option bits 4-5: 1

Malformed malformed(std::string_view what) { return {malformed_packet, what}; }

bool known_from_broker(std::uint8_t type) {
    switch (static_cast<PacketType>(type)) {
        case PacketType::connack:
        case PacketType::publish:
        case PacketType::pubrel:
        case PacketType::suback:
        case PacketType::unsuback:
        case PacketType::pingresp:
        case PacketType::disconnect: return true;
        default: return false;
    }
}

/// PUBLISH uses its flags; PUBREL has 0010 there, all others 0000 (section 2.1.3).
bool flags_allowed(PacketType type, std::uint8_t flags) {
    if (type == PacketType::publish) return true;
    return flags == (type == PacketType::pubrel ? 0x02 : 0x00);
}

std::optional<Properties> take_properties(Reader& reader) {
    const auto size = reader.variable();
    const auto bytes = size ? reader.bytes(*size) : std::nullopt;
    if (!bytes) return std::nullopt;
    const Properties properties(*bytes);
    return properties.valid() ? std::optional(properties) : std::nullopt;
}

void first_byte(Writer& writer, PacketType type, std::uint8_t flags) {
    writer.byte(static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4U | flags));
}

/// A packet of nothing but an id.
void encode_ack(std::string& out, PacketType type, std::uint16_t id) {
    Writer writer(out);
    first_byte(writer, type, 0);
    writer.byte(2);
    writer.two_bytes(id);
}

void encode_with_body(std::string& out, PacketType type, std::uint8_t flags,
                      std::string_view body) {
    Writer writer(out);
    first_byte(writer, type, flags);
    writer.variable(body.size());
    writer.bytes(body);
}

}  // namespace

Result<std::optional<Frame>, Malformed> take_frame(std::string_view stream, std::size_t bytes_max) {
    constexpr std::size_t header_bytes_max = 5;
    Reader reader(stream);
    const auto first = reader.byte();
    if (!first) return std::optional<Frame>{};
    const std::uint8_t type = *first >> 4U;
    const std::uint8_t flags = *first & 0x0FU;
    if (!known_from_broker(type))
        return Malformed{protocol_error, "this packet is not for a client"};
    if (!flags_allowed(static_cast<PacketType>(type), flags))
        return malformed("the flags of the fixed header are not allowed");
    const auto length = reader.variable();
    if (!length) {
        if (stream.size() >= header_bytes_max) return malformed("the remaining length is too long");
        return std::optional<Frame>{};
    }
    const std::size_t header_size = stream.size() - reader.rest().size();
    const std::size_t whole = header_size + *length;
    const std::size_t size = std::min(whole, bytes_max);
    if (whole > bytes_max && static_cast<PacketType>(type) != PacketType::publish)
        return Malformed{packet_too_large, "the packet is too large for its kind"};
    if (stream.size() < size) return std::optional<Frame>{};
    const std::string_view body = reader.rest().substr(0, size - header_size);
    return std::optional(Frame{static_cast<PacketType>(type), flags, body, size, whole - size});
}

Result<Connack, Malformed> decode_connack(const Frame& frame, Version version) {
    Reader reader(frame.body);
    const auto flags = reader.byte();
    const auto code = reader.byte();
    if (!flags || !code) return malformed("CONNACK ends early");
    if ((*flags & 0xFEU) != 0) return malformed("CONNACK has unknown flags");
    Connack connack{(*flags & 1U) != 0, *code, {}};
    if (version == Version::v5) {
        const auto properties = take_properties(reader);
        if (!properties) return malformed("the properties of CONNACK are broken");
        connack.properties = *properties;
    }
    if (!reader.empty()) return malformed("CONNACK is too long");
    return connack;
}

Result<Publish, Malformed> decode_publish(const Frame& frame, Version version) {
    Publish publish{};
    publish.duplicate = (frame.flags & 0x08U) != 0;
    publish.retained = (frame.flags & 0x01U) != 0;
    const unsigned qos = (frame.flags >> 1U) & 0x03U;
    if (qos > 2) return malformed("PUBLISH has QoS 3");
    publish.qos = static_cast<Qos>(qos);
    if (publish.duplicate && qos == 0) return malformed("PUBLISH at QoS 0 is marked as duplicate");
    Reader reader(frame.body);
    const auto topic = reader.text();
    if (!topic) return malformed("PUBLISH ends within the topic");
    publish.topic = *topic;
    if (qos > 0) {
        const auto id = reader.two_bytes();
        if (!id || *id == 0) return malformed("PUBLISH has no packet id");
        publish.id = *id;
    }
    bool cut_short = false;
    if (version == Version::v5) {
        const auto properties = take_properties(reader);
        cut_short = !properties && frame.missing > 0;
        if (!properties && !cut_short) return malformed("the properties of PUBLISH are broken");
        if (properties && properties->find(PropertyId::topic_alias))
            return Malformed{topic_alias_invalid,
                             "PUBLISH uses a topic alias that was not offered"};
        publish.properties = properties.value_or(Properties{});
    }
    // Only what cannot be worked with at all is refused: a broker sends a message whose connection
    // was ended because of it again and again, so the rest is for the receiver to judge.
    if (publish.topic.empty()) return Malformed{topic_name_invalid, "PUBLISH has no topic"};
    if (!cut_short) publish.payload = reader.rest();
    publish.payload_size = reader.rest().size() + frame.missing;
    return publish;
}

Result<Pubrel, Malformed> decode_pubrel(const Frame& frame, Version version) {
    Reader reader(frame.body);
    const auto id = reader.two_bytes();
    if (!id || *id == 0) return malformed("PUBREL has no packet id");
    if (version == Version::v5 && !reader.empty()) {
        static_cast<void>(reader.byte());  // the reason: either way the release is answered
        if (!reader.empty() && !take_properties(reader))
            return malformed("the properties of PUBREL are broken");
    }
    if (!reader.empty()) return malformed("PUBREL is too long");
    return Pubrel{*id};
}

Result<Suback, Malformed> decode_suback(const Frame& frame, Version version) {
    Reader reader(frame.body);
    const auto id = reader.two_bytes();
    if (!id || *id == 0) return malformed("SUBACK has no packet id");
    if (version == Version::v5 && !take_properties(reader))
        return malformed("the properties of SUBACK are broken");
    if (reader.empty()) return malformed("SUBACK has no codes");
    return Suback{*id, reader.rest()};
}

Result<Unsuback, Malformed> decode_unsuback(const Frame& frame, Version version) {
    Reader reader(frame.body);
    const auto id = reader.two_bytes();
    if (!id || *id == 0) return malformed("UNSUBACK has no packet id");
    if (version == Version::v5 && !take_properties(reader))
        return malformed("the properties of UNSUBACK are broken");
    if (version == Version::v5 ? reader.empty() : !reader.empty())
        return malformed("UNSUBACK has no codes, or codes before MQTT 5");
    return Unsuback{*id, reader.rest()};
}

Result<Disconnect, Malformed> decode_disconnect(const Frame& frame) {
    Reader reader(frame.body);
    Disconnect disconnect{0, {}};
    if (const auto reason = reader.byte()) disconnect.reason = *reason;
    if (!reader.empty()) {
        const auto properties = take_properties(reader);
        if (!properties || !reader.empty())
            return malformed("the properties of DISCONNECT are broken");
        disconnect.properties = *properties;
    }
    return disconnect;
}

Result<void, Malformed> check_pingresp(const Frame& frame) {
    if (!frame.body.empty()) return malformed("PINGRESP is too long");
    return {};
}

void encode_connect(std::string& out, const Connect& connect, Version version) {
    std::string body;
    Writer writer(body);
    writer.text("MQTT");
    writer.byte(number(version));
    std::uint8_t flags = connect.clean_start ? clean_start_flag : 0;
    if (!connect.user.empty()) flags |= user_flag;
    if (!connect.user.empty() && !connect.password.empty()) flags |= password_flag;
    writer.byte(flags);
    writer.two_bytes(static_cast<std::uint16_t>(connect.keep_alive.count()));
    if (version == Version::v5) {
        writer.variable(5 + 3);
        writer.byte(static_cast<std::uint8_t>(PropertyId::session_expiry));
        writer.four_bytes(connect.session_expiry_s);
        writer.byte(static_cast<std::uint8_t>(PropertyId::receive_max));
        writer.two_bytes(connect.receive_max);
    }
    writer.text(connect.client_id);
    if ((flags & user_flag) != 0) writer.text(connect.user);
    if ((flags & password_flag) != 0) writer.text(connect.password);
    encode_with_body(out, PacketType::connect, 0, body);
}

void encode_subscribe(std::string& out, std::uint16_t id,
                      const std::vector<Subscription>& subscriptions, Version version) {
    WEIR_ASSERT(id != 0 && !subscriptions.empty(), "SUBSCRIBE needs an id and a filter");
    std::string body;
    Writer writer(body);
    writer.two_bytes(id);
    if (version == Version::v5) writer.variable(0);
    for (const Subscription& subscription : subscriptions) {
        writer.text(subscription.filter);
        const std::uint8_t options = version == Version::v5 ? retain_handling_new_only : 0;
        writer.byte(static_cast<std::uint8_t>(options | number(subscription.qos)));
    }
    encode_with_body(out, PacketType::subscribe, 0x02, body);
}

void encode_unsubscribe(std::string& out, std::uint16_t id, const std::vector<std::string>& filters,
                        Version version) {
    WEIR_ASSERT(id != 0 && !filters.empty(), "UNSUBSCRIBE needs an id and a filter");
    std::string body;
    Writer writer(body);
    writer.two_bytes(id);
    if (version == Version::v5) writer.variable(0);
    for (const std::string& filter : filters)
        writer.text(filter);
    encode_with_body(out, PacketType::unsubscribe, 0x02, body);
}

void encode_puback(std::string& out, std::uint16_t id) { encode_ack(out, PacketType::puback, id); }

void encode_pubrec(std::string& out, std::uint16_t id) { encode_ack(out, PacketType::pubrec, id); }

void encode_pubcomp(std::string& out, std::uint16_t id, std::uint8_t reason, Version version) {
    if (reason == 0 || version != Version::v5) return encode_ack(out, PacketType::pubcomp, id);
    Writer writer(out);
    first_byte(writer, PacketType::pubcomp, 0);
    writer.byte(3);
    writer.two_bytes(id);
    writer.byte(reason);
}

void encode_pingreq(std::string& out) { encode_with_body(out, PacketType::pingreq, 0, {}); }

void encode_disconnect(std::string& out, std::uint8_t reason, Version version) {
    const char code = static_cast<char>(reason);
    const bool bare = reason == 0 || version != Version::v5;
    encode_with_body(out, PacketType::disconnect, 0, std::string_view(&code, bare ? 0 : 1));
}

}  // namespace weir::mqtt
