// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "socketio/engine_packet.hpp"
#include "socketio/websocket_frame.hpp"

namespace weir::socketio {

/// Packets encoded once, for any number of connections.
///
/// Problem: the cost of a broadcast is the number of writes, then the number of encodings. Server
/// frames are not masked, so the same bytes serve every WebSocket, and packets that go out
/// together lie together, so that one write takes them all. The long-polling form is made when the
/// first poll asks for it.
///
/// Lifetime: filled by one owner, then shared and never changed again.
class Chunk {
public:
    void add_packet(EngineType type, std::string_view data);
    void add_binary(std::string_view bytes);
    /// What only a WebSocket sends: the 101, pongs, close frames. Polls do not see it.
    void add_raw(std::string_view bytes) { frames_ += bytes; }

    /// For a WebSocket: frames back to back.
    std::string_view frames() const { return frames_; }

    /// For a poll: the packets in the form of a payload. Not safe for two threads at once.
    const std::string& payload() const;

    std::size_t packets() const { return packets_.size(); }

private:
    struct Span {
        std::size_t start;  ///< of the packet in frames_, after its frame header
        std::size_t size;
        bool binary;
    };

    std::string frames_;
    std::vector<Span> packets_;
    mutable std::string payload_;
};

using ChunkPtr = std::shared_ptr<const Chunk>;

/// A chunk of one packet.
ChunkPtr packet_chunk(EngineType type, std::string_view data = {});

/// A chunk of raw bytes, for WebSockets only.
ChunkPtr raw_chunk(std::string_view bytes);

}  // namespace weir::socketio
