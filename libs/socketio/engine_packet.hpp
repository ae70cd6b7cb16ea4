// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace weir::socketio {

/// Packets of the Engine.IO protocol, revision 4 (github.com/socketio/engine.io-protocol,
/// "Packet types").
enum class EngineType : char {
    open = '0',
    close = '1',
    ping = '2',
    pong = '3',
    message = '4',
    upgrade = '5',
    noop = '6',
};

struct EnginePacket {
    EngineType type = EngineType::message;
    bool binary = false;  ///< a message of raw bytes
    std::string_view data = {};
};

/// Reads the text form: one digit and the data; nothing for an unknown type.
std::optional<EnginePacket> parse_engine_packet(std::string_view text);

/// Between the packets of a long-polling payload ("HTTP long-polling", revision 4).
constexpr char payload_separator = '\x1e';

/// Takes a long-polling payload apart, packet by packet: text packets as they are, binary
/// messages as `b` and base64. Copies nothing but the binary ones, so that a payload of a million
/// tiny packets costs no more memory than its bytes.
class PayloadReader {
public:
    /// Borrows `payload`.
    explicit PayloadReader(std::string_view payload) : rest_(payload) {}

    bool at_end() const { return ended_; }

    /// The next packet, its data valid until the next call; nothing when it is malformed (an
    /// empty packet is). Not to be called at the end.
    std::optional<EnginePacket> next();

private:
    std::string_view rest_;
    bool ended_ = false;
    std::string binary_;
};

/// What the server tells in the open packet ("Handshake", revision 4). Sizes in bytes, times on
/// the wire in milliseconds.
struct OpenPacket {
    std::string_view sid;
    bool can_upgrade;
    std::chrono::milliseconds ping_interval;
    std::chrono::milliseconds ping_timeout;
    std::size_t max_payload;
};

/// Its JSON, without the packet type.
std::string open_packet_data(const OpenPacket& open);

}  // namespace weir::socketio
