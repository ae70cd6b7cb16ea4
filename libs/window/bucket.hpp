// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/types.hpp"
#include "window/key_table.hpp"
#include "window/types.hpp"

/// Inside libs/window only.
namespace weir::window {

/// What is kept of one key in one window; its accumulator follows it in memory.
struct RowState {
    KeyTable::Id key = 0;
    std::uint32_t changed : 1 = 0;       ///< since it was shown, as a partial row or a final one
    std::uint32_t shown_times : 31 = 0;  ///< as a final row
    std::uint64_t records = 0;
    Offset first_offset{};
    Offset last_offset{};

    [[nodiscard]] std::uint64_t* state() { return reinterpret_cast<std::uint64_t*>(this + 1); }
};

static_assert(sizeof(RowState) == 32 && alignof(RowState) == alignof(std::uint64_t));

/// The rows of one window, in the order in which their keys came.
///
/// Problem: a window may have one key or a million, and there may be a million windows. Rows lie
/// in chunks that double in size, so that a small window is small and a large one is never copied,
/// and a window that closes is given back whole. A few rows are searched one by one; the index of
/// keys is built when there are more.
class Bucket {
public:
    /// `number` counts the buckets of a stream from 1 on; `record` is the first one in it.
    Bucket(const Window& span, std::uint64_t number, Offset record, std::size_t state_words)
        : window(span),
          serial(number),
          opened_by(record),
          row_bytes_(sizeof(RowState) + state_words * sizeof(std::uint64_t)) {}

    static constexpr std::uint32_t no_row = 0xFFFFFFFF;

    [[nodiscard]] std::uint32_t size() const { return size_; }

    /// The row of `key`, or no_row.
    [[nodiscard]] std::uint32_t find(KeyTable::Id key) const;

    /// Adds a row for `key`, which has none. Its accumulator is not set up.
    std::uint32_t insert(KeyTable::Id key);

    /// Rows never move.
    [[nodiscard]] RowState& row(std::uint32_t index) const {
        return *std::launder(reinterpret_cast<RowState*>(address(index)));
    }

    [[nodiscard]] std::size_t memory_bytes() const;

    const Window window;
    const std::uint64_t serial;
    const Offset opened_by;
    std::uint32_t next_row = 0;  ///< of a closing bucket: the first row that was not shown yet
    bool changed = false;        ///< some row changed since it was shown as a partial row

private:
    static constexpr std::uint32_t searched_max = 8;
    static constexpr std::uint32_t first_chunk_rows = 2;

    [[nodiscard]] std::byte* address(std::uint32_t index) const;

    std::size_t row_bytes_;
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 0;
    std::vector<std::unique_ptr<std::byte[]>> chunks_;
    boost::unordered_flat_map<KeyTable::Id, std::uint32_t> index_;
};

}  // namespace weir::window
