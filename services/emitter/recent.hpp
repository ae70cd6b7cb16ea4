// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "key_set.hpp"
#include "socketio/chunk.hpp"

namespace weir::emitter {

/// The newest events of one relay, for clients that did without some while they were slow.
///
/// Problem: what waits for a slow client must not grow, and neither must a copy of it for each of
/// them. So all share these, each encoded once, and get what they missed as far as it is still
/// there.
///
/// Pure. Limits: so many bytes of frames and keys; the oldest event goes first.
class Recent {
public:
    explicit Recent(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// `number` grows from event to event.
    void put(std::string_view key, std::uint64_t number, socketio::ChunkPtr event);

    /// The events from that number on, or those with a key in `only`, oldest first.
    std::vector<socketio::ChunkPtr> since(std::uint64_t number, const KeySet* only = nullptr) const;

    std::size_t bytes() const { return bytes_; }

private:
    struct Event {
        std::string key;
        std::uint64_t number;
        socketio::ChunkPtr chunk;
    };

    static std::size_t size_of(const Event& event);

    const std::size_t bytes_max_;
    std::deque<Event> events_;
    std::size_t bytes_ = 0;
};

}  // namespace weir::emitter
