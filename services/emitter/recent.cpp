// SPDX-License-Identifier: Apache-2.0
#include "recent.hpp"

#include <algorithm>
#include <utility>

namespace weir::emitter {

std::size_t Recent::size_of(const Event& event) {
    return sizeof event + event.key.size() + event.chunk->frames().size();
}

void Recent::put(std::string_view key, std::uint64_t number, socketio::ChunkPtr event) {
    events_.push_back({std::string(key), number, std::move(event)});
    bytes_ += size_of(events_.back());
    while (bytes_ > bytes_max_) {
        bytes_ -= size_of(events_.front());
        events_.pop_front();
    }
}

std::vector<socketio::ChunkPtr> Recent::since(std::uint64_t number, const KeySet* only) const {
    std::vector<socketio::ChunkPtr> found;
    for (auto event = std::ranges::lower_bound(events_, number, {}, &Event::number);
         event != events_.end(); ++event)
        if (only == nullptr || only->contains(event->key)) found.push_back(event->chunk);
    return found;
}

}  // namespace weir::emitter
