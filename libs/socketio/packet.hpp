// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::socketio {

/// Packets of the Socket.IO protocol, revision 5 (github.com/socketio/socket.io-protocol,
/// "Packet types").
enum class PacketType : char {
    connect = '0',
    disconnect = '1',
    event = '2',
    ack = '3',
    connect_error = '4',
    binary_event = '5',
    binary_ack = '6',
};

/// A packet's text taken apart; the views point into it.
struct Packet {
    PacketType type = PacketType::event;
    std::uint32_t attachments = 0;      ///< binary messages that follow
    std::string_view nsp = "/";         ///< the namespace
    std::optional<std::uint64_t> id{};  ///< of the ack that is asked for or given
    std::string_view data = {};         ///< JSON, checked; empty when there is none
    std::string_view event = {};        ///< EVENT: the name, a JSON string or number as it stands
    std::string_view args = {};         ///< EVENT: the other arguments; ACK: all of them
};

/// What a client may ask for in one packet.
struct PacketLimits {
    std::uint32_t attachments_max = 10;
    std::size_t nsp_bytes_max = 256;
};

/// Reads `<type>[<n>-][<nsp>,][<id>][json]` ("Packet encoding", revision 5), as clients send it.
/// Nothing when it is malformed: unknown type, bad JSON, data of the wrong shape for the type, a
/// reserved event name, attachments out of bounds or other than the placeholders ask for. A
/// CONNECT_ERROR is malformed, too: only servers send it.
std::optional<Packet> parse_packet(std::string_view text, const PacketLimits& limits);

/// The text of a packet; `data` is written as it is. Attachments are counted by the caller.
std::string encode_packet(const Packet& packet);

/// An EVENT, or a BINARY_EVENT when it has attachments. `args` is what stands after the name
/// between the brackets: values with commas between, or nothing.
std::string encode_event(std::string_view nsp, std::string_view name, std::string_view args,
                         std::uint32_t attachments = 0, std::optional<std::uint64_t> id = {});

}  // namespace weir::socketio
