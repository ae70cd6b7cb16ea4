// SPDX-License-Identifier: Apache-2.0
#include "socketio/packet.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.hpp"
#include "socketio/json_text.hpp"

namespace weir::socketio {
namespace {

// Names with a meaning of their own on either side (revision 5, "EVENT", and what the reference
// implementation reserves for its emitters).
constexpr std::array<std::string_view, 6> reserved_events{
    R"("connect")",       R"("connect_error")", R"("disconnect")",
    R"("disconnecting")", R"("newListener")",   R"("removeListener")",
};

// Beyond it a JavaScript client's number is no longer exact.
constexpr std::uint64_t ack_id_max = 9'007'199'254'740'991;

bool is_binary(PacketType type) {
    return type == PacketType::binary_event || type == PacketType::binary_ack;
}

/// Takes a decimal number off the front; nothing when there is none or it is above `max`.
std::optional<std::uint64_t> take_number(std::string_view& text, std::uint64_t max) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number > max) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool starts_with_digit(std::string_view text) {
    return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

bool is_event_name(std::string_view name) {
    if (name.empty()) return false;
    if (name.front() != '"') return name.front() == '-' || starts_with_digit(name);
    for (const std::string_view reserved : reserved_events)
        if (name == reserved) return false;
    return true;
}

/// The data of an EVENT or ACK.
bool read_array(Packet& packet, bool event) {
    const auto array = scan_json_array(packet.data);
    if (!array) return false;
    if (is_binary(packet.type) && (!array->attachments || *array->attachments > packet.attachments))
        return false;
    packet.event = event ? array->first : std::string_view();
    if (event) {
        packet.args = array->rest;
        return is_event_name(array->first);
    }
    const std::size_t open = packet.data.find('[') + 1;
    packet.args = packet.data.substr(open, packet.data.rfind(']') - open);
    return true;
}

bool read_data(Packet& packet) {
    switch (packet.type) {
        case PacketType::connect: return packet.data.empty() || is_json_object(packet.data);
        case PacketType::disconnect: return packet.data.empty();
        case PacketType::event:
        case PacketType::binary_event: return read_array(packet, true);
        case PacketType::ack:
        case PacketType::binary_ack: return packet.id.has_value() && read_array(packet, false);
        case PacketType::connect_error: return false;
    }
    return false;
}

}  // namespace

std::optional<Packet> parse_packet(std::string_view text, const PacketLimits& limits) {
    if (text.empty() || text.front() < '0' || text.front() > '6') return std::nullopt;
    Packet packet{.type = static_cast<PacketType>(text.front())};
    text.remove_prefix(1);
    if (is_binary(packet.type)) {
        const auto count = take_number(text, limits.attachments_max);
        if (!count || *count == 0 || !text.starts_with('-')) return std::nullopt;
        packet.attachments = static_cast<std::uint32_t>(*count);
        text.remove_prefix(1);
    }
    if (text.starts_with('/')) {
        const std::size_t comma = std::min(text.find(','), text.size());
        packet.nsp = text.substr(0, comma);
        if (packet.nsp.size() > limits.nsp_bytes_max) return std::nullopt;
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    if (starts_with_digit(text)) {
        packet.id = take_number(text, ack_id_max);
        if (!packet.id) return std::nullopt;
    }
    packet.data = text;
    if (!read_data(packet)) return std::nullopt;
    return packet;
}

std::string encode_packet(const Packet& packet) {
    std::string text(1, static_cast<char>(packet.type));
    if (is_binary(packet.type)) text += std::to_string(packet.attachments) + "-";
    if (packet.nsp != "/") {
        text += packet.nsp;
        text += ',';
    }
    if (packet.id) text += std::to_string(*packet.id);
    text += packet.data;
    return text;
}

std::string encode_event(std::string_view nsp, std::string_view name, std::string_view args,
                         std::uint32_t attachments, std::optional<std::uint64_t> id) {
    std::string data = "[" + json_quoted(name);
    if (!args.empty()) {
        data += ',';
        data += args;
    }
    data += ']';
    return encode_packet({.type = attachments > 0 ? PacketType::binary_event : PacketType::event,
                          .attachments = attachments,
                          .nsp = nsp,
                          .id = id,
                          .data = data});
}

}  // namespace weir::socketio
