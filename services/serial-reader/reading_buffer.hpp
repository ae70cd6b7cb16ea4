// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <variant>

#include "base/result.hpp"
#include "base/types.hpp"
#include "file_descriptor.hpp"
#include "stored_reading.hpp"

namespace weir::serial_reader {

/// Readings that are gone: `first` to `last`, both included.
struct Gap {
    Sequence first = 0;
    Sequence last = 0;
    bool operator==(const Gap&) const = default;
};

/// Keeps readings on disk, in order, until they are released.
///
/// Problem: a serial line cannot wait and the broker can be away for days. Every reading is
/// written here before it is sent and stays until it is answered, so that a kill at any moment
/// loses nothing that was written.
///
/// A folder of segment files named after their first reading's sequence, in each an array of
/// 32-byte readings with a checksum, and the file `cursor` that holds the first sequence not yet
/// released. A write cut short by a kill is ignored and overwritten; a reading damaged on disk
/// reads as a gap. When the folder is full, the oldest segment is dropped, released or not: what
/// a reader finds missing is a gap in the sequence, so nothing has to remember it.
///
/// Threads: one.
/// Limits:  `size` bytes of segments in at most `segments_max` files, one descriptor each. One
///          process per folder: the second is refused.
/// Ordering: sequences grow by one per append(), also over restarts and failed writes.
class ReadingBuffer {
public:
    static constexpr std::size_t segments_max = 64;
    static constexpr Bytes size_min{std::uint64_t{64} << 10};

    /// Makes the folder if need be, and finds what earlier runs left.
    /// Errors: the folder cannot be used, or another process uses it.
    static Result<std::unique_ptr<ReadingBuffer>> open(const std::filesystem::path& folder,
                                                       Bytes size);

    /// Writes a reading and returns its sequence. A kill no longer loses it; a power cut may until
    /// sync(). Errors: the disk refused it; its sequence is used up and will read as a gap.
    Result<Sequence> append(EventTime time, double value);

    using Item = std::variant<std::monostate, Reading, Gap>;

    /// What is at `sequence`: nothing when it is not written yet; a gap reaches up to the next
    /// reading that can be read.
    [[nodiscard]] Item at(Sequence sequence) const;

    /// Everything before `sequence` is answered for and may go. `last_time`: that of the last
    /// reading before it, if there was one. Errors: the cursor cannot be written; a restart would
    /// send those readings again.
    Result<void> release(Sequence sequence, std::optional<EventTime> last_time);

    /// Makes everything appended survive a power cut.
    Result<void> sync();

    /// The first sequence not released: where sending starts after a restart.
    [[nodiscard]] Sequence released_to() const { return released_.sequence; }
    /// The time of the last reading released, when there was one.
    [[nodiscard]] std::optional<EventTime> released_time() const { return released_.time; }
    /// The sequence the next append() gets.
    [[nodiscard]] Sequence end() const { return end_; }
    /// Bytes in segments.
    [[nodiscard]] Bytes stored() const;
    /// Readings there is room for; beyond it the oldest are dropped, unreleased ones too.
    [[nodiscard]] std::uint64_t capacity() const;
    /// Readings dropped unreleased because the folder was full, since open().
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

private:
    struct Segment {
        std::filesystem::path path;
        FileDescriptor file;
        Sequence first = 0;
        std::uint64_t count = 0;
        [[nodiscard]] Sequence end() const { return first + count; }
    };
    struct Released {
        Sequence sequence = 1;
        std::optional<EventTime> time;
    };

    ReadingBuffer(std::filesystem::path folder, Bytes size, FileDescriptor lock);

    Result<void> find_segments();
    Result<void> find_cursor();
    Result<void> start_segment(Sequence first);
    void drop_oldest();
    Result<void> remove_released();

    std::filesystem::path folder_;
    Bytes size_;
    std::uint64_t segment_readings_max_;
    FileDescriptor lock_;  // the folder itself, locked
    FileDescriptor cursor_;
    unsigned cursor_slot_ = 0;
    std::deque<Segment> segments_;  // by sequence; only the last is written to
    bool last_is_open_ = false;     // the next reading continues the last segment
    bool unsynced_ = false;
    Released released_;
    Sequence end_ = 1;
    std::uint64_t dropped_ = 0;
};

}  // namespace weir::serial_reader
