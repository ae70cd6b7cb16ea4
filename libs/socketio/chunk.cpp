// SPDX-License-Identifier: Apache-2.0
#include "socketio/chunk.hpp"

#include "socketio/base64.hpp"

namespace weir::socketio {

using websocket::append_frame_header;
using websocket::Opcode;

void Chunk::add_packet(EngineType type, std::string_view data) {
    append_frame_header(frames_, Opcode::text, data.size() + 1);
    packets_.push_back({frames_.size(), data.size() + 1, false});
    frames_ += static_cast<char>(type);
    frames_ += data;
}

void Chunk::add_binary(std::string_view bytes) {
    append_frame_header(frames_, Opcode::binary, bytes.size());
    packets_.push_back({frames_.size(), bytes.size(), true});
    frames_ += bytes;
}

const std::string& Chunk::payload() const {
    if (!payload_.empty()) return payload_;
    for (const Span& packet : packets_) {
        if (!payload_.empty()) payload_ += payload_separator;
        const auto bytes = std::string_view(frames_).substr(packet.start, packet.size);
        if (packet.binary) {
            payload_ += 'b';
            append_base64(payload_, bytes);
        } else {
            payload_ += bytes;
        }
    }
    return payload_;
}

ChunkPtr packet_chunk(EngineType type, std::string_view data) {
    auto chunk = std::make_shared<Chunk>();
    chunk->add_packet(type, data);
    return chunk;
}

ChunkPtr raw_chunk(std::string_view bytes) {
    auto chunk = std::make_shared<Chunk>();
    chunk->add_raw(bytes);
    return chunk;
}

}  // namespace weir::socketio
