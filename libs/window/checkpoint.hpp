// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/types.hpp"
#include "window/checkpoint_formats.hpp"
#include "window/types.hpp"

namespace weir::window {

/// A step of the watermark that no record explains: before the record at `offset` was looked at,
/// it stood at `watermark` at least.
struct Move {
    Offset offset{};
    EventTime watermark{};

    friend bool operator==(const Move&, const Move&) = default;
};

/// The next row to be written of windows that were closing when the checkpoint was taken. Rows are
/// written ordered by window end, then by first offset, so one position says which are done.
struct CloseCursor {
    EventTime end{};
    Offset first_offset{};

    friend auto operator<=>(const CloseCursor&, const CloseCursor&) = default;
};

/// Of Checkpoint::incomplete_until.
inline constexpr EventTime not_known_yet = EventTime::max();

/// All that must be remembered of a stream beside the log it reads.
///
/// Problem: the open windows of a stream are too much to write with every commit, and the log
/// already holds what they were made of. So only this is committed, as the metadata of the
/// partition's offset, and the rest is read again (Stream, and docs/decisions/0002).
struct Checkpoint {
    /// Where reading starts again: the first record of any window that is still open; the
    /// committed offset when none is.
    Offset replay_from{};
    /// The watermark before the record at `replay_from`.
    EventTime watermark = no_watermark;
    /// Moves at offsets beyond `replay_from`, in order.
    std::vector<Move> moves;
    /// Set when windows were closing that had not been written completely.
    std::optional<CloseCursor> cursor;
    /// Windows that start at or before this may lack records, because the log was cut before the
    /// first record. `not_known_yet` until a record has come to judge by.
    EventTime incomplete_until = no_watermark;

    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// The checkpoint as text in one of checkpoint_formats(): one line of printable ASCII without
/// spaces at the ends. `options_hash` is of all options that decide results. The text never grows
/// for the same number of moves, but by the cursor, which checkpoint_bytes() counts in.
std::string encode(const Checkpoint& checkpoint, std::uint64_t options_hash,
                   int format = checkpoint_formats().standard);

/// An upper bound of the bytes encode() can need for this checkpoint and for every later one that
/// has the same moves or fewer.
std::size_t checkpoint_bytes(const Checkpoint& checkpoint,
                             int format = checkpoint_formats().standard);

/// What a committed text says.
struct Committed {
    Checkpoint checkpoint;
    std::uint64_t options_hash = 0;
    int format = 0;
};

/// Errors: not a checkpoint, one in a format this code cannot read (the sentence says which), or
/// numbers out of order. The options hash is for the caller to compare.
Result<Committed> decode(std::string_view text);

/// The format of a checkpoint that this code cannot read, because it is of a later one.
std::optional<FormatMark> format_beyond_us(std::string_view text);

}  // namespace weir::window
