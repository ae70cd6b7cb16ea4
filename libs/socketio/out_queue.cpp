// SPDX-License-Identifier: Apache-2.0
#include "socketio/out_queue.hpp"

#include <iterator>

#include "base/assert.hpp"

namespace weir::socketio {
namespace {

// An empty queue keeps room for a few chunks; a connection that was slow once gives the rest back.
constexpr std::size_t idle_capacity_max = 8;

}  // namespace

std::size_t OutQueue::packets() const {
    std::size_t packets = 0;
    for (std::size_t i = first_; i < chunks_.size(); ++i)
        packets += chunks_[i]->packets();
    return packets;
}

void OutQueue::push(ChunkPtr chunk) {
    if (chunk->frames().empty()) return;
    bytes_ += chunk->frames().size();
    chunks_.push_back(std::move(chunk));
}

void OutQueue::append(OutQueue&& other) {
    WEIR_ASSERT(other.offset_ == 0, "a chunk that is half sent belongs to its connection");
    for (std::size_t i = other.first_; i < other.chunks_.size(); ++i)
        push(std::move(other.chunks_[i]));
    other = {};
}

std::size_t OutQueue::gather(std::span<iovec> parts) const {
    std::size_t used = 0;
    for (std::size_t i = first_; i < chunks_.size() && used < parts.size(); ++i, ++used) {
        const std::string_view bytes = chunks_[i]->frames().substr(i == first_ ? offset_ : 0);
        parts[used] = {const_cast<char*>(bytes.data()), bytes.size()};  // sendmsg(2) only reads
    }
    return used;
}

void OutQueue::sent(std::size_t size) {
    WEIR_ASSERT(size <= bytes_, "no more can be sent than is queued");
    bytes_ -= size;
    offset_ += size;
    while (!empty() && offset_ >= chunks_[first_]->frames().size()) {
        offset_ -= chunks_[first_]->frames().size();
        chunks_[first_++].reset();
    }
    release_sent();
}

/// Forgets sent chunks when they are at least half of the list, so that each is moved once.
void OutQueue::release_sent() {
    if (empty()) {
        chunks_.clear();
        first_ = 0;
        if (chunks_.capacity() > idle_capacity_max) chunks_ = {};
    } else if (first_ * 2 >= chunks_.size()) {
        chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

std::string OutQueue::take_payload() {
    WEIR_ASSERT(offset_ == 0, "a poll gets whole packets");
    std::string payload;
    for (std::size_t i = first_; i < chunks_.size(); ++i) {
        const std::string& part = chunks_[i]->payload();
        if (part.empty()) continue;
        if (!payload.empty()) payload += payload_separator;
        payload += part;
    }
    *this = {};
    return payload;
}

}  // namespace weir::socketio
