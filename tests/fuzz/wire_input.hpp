// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "http/target.hpp"
#include "input.hpp"
#include "socketio/chunk.hpp"
#include "socketio/engine_packet.hpp"
#include "socketio/json_text.hpp"
#include "socketio/packet.hpp"
#include "socketio/websocket_frame.hpp"

/// What reads a Socket.IO client's bytes, each on its own. The input is what the client sends.
namespace weir::fuzz {

/// A request's target, and its bytes again as a parameter, every one escaped.
inline void read_query(std::string_view bytes) {
    if (const auto target = http::parse_target(bytes)) {
        WEIR_ASSERT(target->path.starts_with('/'), "a path begins with a slash");
        WEIR_ASSERT(target->path.size() <= bytes.size(), "decoding makes nothing longer");
        for (const char* name : {"EIO", "transport", "sid", ""})
            WEIR_ASSERT(target->query.get(name).value_or("").size() <= bytes.size(),
                        "a value is a part of the query");
    }
    if (bytes.find('\0') != std::string_view::npos) return;  // it stays escaped
    constexpr std::string_view digits = "0123456789abcdefABCDEF";
    std::string escaped = "sid=of+a+before&sid=";
    for (const char byte : bytes) {
        escaped += '%';
        escaped += digits[static_cast<unsigned char>(byte) >> 4U];
        escaped += digits[static_cast<unsigned char>(byte) & 0xFU];
    }
    WEIR_ASSERT(http::Query::parse(escaped).get("sid") == bytes, "what is escaped comes back");
}

/// A POST's body; what it holds, written as an answer to a poll, reads the same. How many packets.
inline std::size_t read_payload(std::string_view bytes) {
    using socketio::EngineType;
    struct Packet {
        EngineType type;
        bool binary;
        std::string data;
    };
    std::vector<Packet> packets;
    socketio::Chunk chunk;
    for (socketio::PayloadReader reader(bytes); !reader.at_end();) {
        const auto packet = reader.next();
        if (!packet) break;
        WEIR_ASSERT(!packet->binary || packet->type == EngineType::message, "bytes are a message");
        packets.push_back({packet->type, packet->binary, std::string(packet->data)});
        packet->binary ? chunk.add_binary(packet->data)
                       : chunk.add_packet(packet->type, packet->data);
    }
    const auto separators = std::count(bytes.begin(), bytes.end(), socketio::payload_separator);
    WEIR_ASSERT(packets.size() <= static_cast<std::size_t>(separators) + 1, "one packet a part");
    if (packets.empty()) return 0;
    socketio::PayloadReader again(chunk.payload());
    for (const Packet& packet : packets) {
        const auto read = again.next();
        WEIR_ASSERT(read && read->type == packet.type && read->binary == packet.binary &&
                        read->data == packet.data,
                    "what is written reads the same");
    }
    WEIR_ASSERT(again.at_end(), "no packet is added");
    return packets.size();
}

/// One Socket.IO packet; written again it reads the same. False when it is refused.
inline bool read_packet(std::string_view text) {
    using socketio::PacketType;
    const socketio::PacketLimits limits;
    const auto packet = socketio::parse_packet(text, limits);
    if (!packet) return false;
    const bool is_event =
        packet->type == PacketType::event || packet->type == PacketType::binary_event;
    const bool is_binary =
        packet->type == PacketType::binary_event || packet->type == PacketType::binary_ack;
    WEIR_ASSERT(packet->type != PacketType::connect_error, "only a server refuses");
    WEIR_ASSERT(packet->nsp.starts_with('/') && packet->nsp.size() <= limits.nsp_bytes_max,
                "a namespace is bounded");
    WEIR_ASSERT((packet->attachments > 0) == is_binary, "binary packets have attachments");
    WEIR_ASSERT(packet->attachments <= limits.attachments_max, "attachments are bounded");
    WEIR_ASSERT(packet->event.empty() != is_event, "an event has a name");
    WEIR_ASSERT(socketio::is_json_list(packet->args), "arguments are JSON");
    const std::string written = socketio::encode_packet(*packet);
    const auto again = socketio::parse_packet(written, limits);
    WEIR_ASSERT(again && again->type == packet->type && again->attachments == packet->attachments &&
                    again->nsp == packet->nsp && again->id == packet->id &&
                    again->data == packet->data && again->args == packet->args,
                "what is written reads the same");
    return true;
}

/// What came of a WebSocket's bytes.
struct FrameSeen {
    socketio::websocket::Event::Kind kind;
    std::string payload;
    socketio::websocket::CloseCode code;

    bool operator==(const FrameSeen&) const = default;
};

inline constexpr std::size_t frame_bytes_max = 300;

inline std::vector<FrameSeen> read_frames(std::string_view bytes, std::size_t piece) {
    using Kind = socketio::websocket::Event::Kind;
    std::vector<FrameSeen> seen;
    socketio::websocket::FrameReader reader(frame_bytes_max);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
        reader.append(bytes.substr(0, piece));
        for (auto event = reader.next(); event.kind != Kind::need_more; event = reader.next()) {
            const bool control =
                event.kind == Kind::ping || event.kind == Kind::pong || event.kind == Kind::close;
            WEIR_ASSERT(event.payload.size() <= (control ? 125 : frame_bytes_max),
                        "a frame is bounded");
            WEIR_ASSERT(event.kind != Kind::text || is_utf8(event.payload), "text is UTF-8");
            seen.push_back({event.kind, std::string(event.payload), event.code});
            if (event.kind == Kind::error) return seen;
        }
    }
    return seen;
}

/// A WebSocket's bytes, behind a byte that says in what pieces they come.
inline void read_frames(std::string_view bytes) {
    Input input(bytes);
    const std::size_t piece = 1 + input.byte();
    const std::string_view stream = input.rest();
    WEIR_ASSERT(read_frames(stream, piece) == read_frames(stream, stream.size() + 1),
                "the pieces make no difference");
}

}  // namespace weir::fuzz
