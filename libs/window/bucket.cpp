// SPDX-License-Identifier: Apache-2.0
#include "window/bucket.hpp"

#include <algorithm>
#include <bit>

#include "base/assert.hpp"

namespace weir::window {

// Chunk c holds first_chunk_rows << c rows, so row i is in the chunk given by the highest bit of
// i + first_chunk_rows, at what is left of it.
std::byte* Bucket::address(std::uint32_t index) const {
    const std::uint32_t shifted = index + first_chunk_rows;
    const auto chunk =
        static_cast<std::uint32_t>(std::bit_width(shifted) - std::bit_width(first_chunk_rows));
    const std::uint32_t within = shifted - (first_chunk_rows << chunk);
    return chunks_[chunk].get() + within * row_bytes_;
}

std::uint32_t Bucket::find(KeyTable::Id key) const {
    if (size_ > searched_max) {
        const auto at = index_.find(key);
        return at == index_.end() ? no_row : at->second;
    }
    for (std::uint32_t i = 0; i < size_; ++i)
        if (row(i).key == key) return i;
    return no_row;
}

std::uint32_t Bucket::insert(KeyTable::Id key) {
    if (size_ == capacity_) {
        const std::uint32_t rows = first_chunk_rows << chunks_.size();
        WEIR_ASSERT(rows < (1U << 30U), "a window holds at most a billion keys");
        chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(rows * row_bytes_));
        capacity_ += rows;
    }
    const std::uint32_t index = size_++;
    ::new (address(index)) RowState{.key = key};
    if (size_ == searched_max + 1) {
        for (std::uint32_t i = 0; i < size_; ++i)
            index_.emplace(row(i).key, i);
    } else if (size_ > searched_max) {
        index_.emplace(key, index);
    }
    return index;
}

std::size_t Bucket::memory_bytes() const {
    // The bucket itself and its place in the stream's map, each with the allocator's overhead.
    constexpr std::size_t fixed = sizeof(Bucket) + 64;
    // The unused part of a large chunk was never touched and costs no memory.
    constexpr std::uint32_t touched_min = 64;
    const std::size_t rows = std::max(size_, std::min(capacity_, touched_min));
    return fixed + rows * row_bytes_ + chunks_.size() * 24 +
           index_.bucket_count() * (sizeof(KeyTable::Id) + sizeof(std::uint32_t) + 1);
}

}  // namespace weir::window
