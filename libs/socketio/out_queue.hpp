// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <span>
#include <string>
#include <vector>

#include "socketio/chunk.hpp"

namespace weir::socketio {

/// What is still to be sent on one connection: shared chunks and how far the first has gone.
class OutQueue {
public:
    bool empty() const { return first_ == chunks_.size(); }

    /// Bytes not yet sent, in the WebSocket form.
    std::size_t bytes() const { return bytes_; }

    /// Packets in the chunks not yet sent whole.
    std::size_t packets() const;

    void push(ChunkPtr chunk);

    /// Moves everything of `other` behind what is here.
    void append(OutQueue&& other);

    /// Points `parts` at the bytes to write next; returns how many parts it used.
    std::size_t gather(std::span<iovec> parts) const;

    /// Takes `size` bytes off the front: they are with the kernel.
    void sent(std::size_t size);

    /// Empties the queue into one long-polling payload.
    std::string take_payload();

private:
    void release_sent();

    std::vector<ChunkPtr> chunks_;
    std::size_t first_ = 0;   ///< chunks before it are sent
    std::size_t offset_ = 0;  ///< bytes of the first chunk that are sent
    std::size_t bytes_ = 0;
};

}  // namespace weir::socketio
