// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.hpp"
#include "base/types.hpp"
#include "window/aggregates.hpp"
#include "window/checkpoint.hpp"
#include "window/types.hpp"

namespace weir::window {

/// What a stream computes. Two streams with equal options (limits apart) give equal rows for equal
/// records; so a hash of the options is committed with every checkpoint (see encode()).
struct Options {
    Kind kind = Kind::tumbling;
    /// Of the windows, of sessions the gap that ends them; more than zero. Of sliding windows the
    /// greatest distance of two records in one, in whole milliseconds.
    Duration size{};
    Duration every{};  ///< of hopping windows: from start to start; more than zero, at most size
    Duration grace{};  ///< how far the watermark stays behind the greatest event time
    /// How long after its end, in event time, a closed window still takes records.
    Duration accept_late{};
    Aggregates aggregates;
    /// A record counts once: it is repeated if its id was there before in what it falls into, which
    /// is its tumbling window, its slice of hopping or sliding windows, or its session. So many ids
    /// are kept of one key there; a window with more has no results but Output::Kind::beyond. 0:
    /// ids are not looked at.
    std::uint64_t ids_max = 0;
    /// Bound of windows held at a time, a window counted once per key in it; of hopping and sliding
    /// windows, which share them, slices are counted.
    std::uint64_t open_windows_max = 10'000'000;
    /// Bound of an encoded checkpoint. Kafka keeps 4096 bytes of metadata by default
    /// (offset.metadata.max.bytes).
    std::size_t checkpoint_bytes_max = 4000;
    /// What the checkpoints of this stream will be written in.
    int checkpoint_format = checkpoint_formats().standard;
};

/// What is known of the log before the first record that a stream is given.
enum class LogStart : std::uint8_t {
    whole,  ///< nothing is missing: the log begins here, or what lies before is not wanted
    cut,    ///< there were records before it that this stream does not see
};

/// Event-time windows over one partition of a log: a deterministic function of its records.
///
/// Problem: readings arrive late and out of order, and a service that computes windows over them
/// is killed, moved and restarted. The same records must give the same results, once each, however
/// often and wherever that happens. So nothing here looks at a clock or at other partitions: fates
/// and results follow from the records, in the order of their offsets, and from the few quiet
/// closes, which are recorded.
///
/// Rules, in this order, for a record at event time t:
///   1. The record is late when every window for it has end + accept_late <= watermark, the
///      watermark being the one before this record. It is added to nothing then. Sliding windows
///      and sessions say more exactly which window decides (docs/decisions/0005).
///   2. Otherwise it is added to its windows, but for those that are forgotten; or it is repeated,
///      see Options::ids_max.
///   3. watermark = max(watermark, t - grace). It never goes back.
///   4. Windows with end <= watermark are due, and so are revisions of windows that were closed
///      before, when the watermark has passed the next multiple of `every` (of the size where there
///      is none). Rows are written by window end, within an end by Row::first_offset.
///   5. Windows with end + accept_late <= watermark are forgotten.
/// So a window takes records until the first record at or after end + grace, and equality
/// suffices.
///
/// Use:
///     stream.reach(record.offset);                  // before every record
///     while (stream.due()) stream.close_due(...);
///     const Verdict verdict = stream.add(record);
///     while (stream.due()) stream.close_due(...);
/// take() is just that. A service that bounds its transactions commits between two close_due().
///
/// Recovery: checkpoint(n) is committed together with the offset n (all records before n are done
/// with, all rows but those the cursor names are written). A stream made from that checkpoint and
/// n is given the records from checkpoint.replay_from on; those below n are replayed: their
/// verdicts are muted and their rows not shown. Then it goes on as if nothing had happened.
/// Why that is exact: docs/decisions/0002-windows-and-watermarks.md and 0005-window-kinds.md.
///
/// Threads:  one at a time.
/// Limits:   Options::open_windows_max. The memory of a window goes back when it closes; the table
///           of keys keeps the size of its largest day until no window is open.
class Stream {
public:
    /// A stream that starts with no past.
    explicit Stream(Options options, LogStart log_start = LogStart::whole);

    /// A stream that continues: `committed` is the offset the checkpoint was committed with.
    /// LogStart::cut when records from checkpoint.replay_from on are gone: the rows that may lack
    /// some are marked.
    Stream(Options options, const Checkpoint& checkpoint, Offset committed,
           LogStart log_start = LogStart::whole);

    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;
    ~Stream();

    /// Says that every record before `position` has been given or does not exist. Call it before
    /// every record with its offset, and at the end of the partition with the end's offset (a
    /// replay may end in a gap). While replaying it repeats the recorded moves, and ends the replay
    /// when `position` is the committed offset or beyond; otherwise it costs a comparison.
    void reach(Offset position);

    /// True until the committed offset has been reached. A stream that is replaying must not be in
    /// a commit and shows no rows.
    [[nodiscard]] bool replaying() const;

    /// Takes the next record. Offsets rise, with gaps; nothing is due; reach() was called.
    /// Allocates only when a window or a key is new.
    Verdict add(const Record& record);

    /// True when rows are waiting to be written.
    [[nodiscard]] bool due() const;

    /// Shows at most `rows_max` due rows to `visit` and forgets them. Returns how many.
    template <typename Visit>
    std::size_t close_due(std::size_t rows_max, Visit&& visit) {
        return close_due_rows(rows_max, RowVisitor(visit));
    }

    /// reach(), add() and all close_due() for one record: for callers that need no bound. The
    /// record must be taken, so open_windows_max must be out of reach: Fate::full is returned as
    /// it is.
    template <typename Visit>
    Verdict take(const Record& record, Visit&& visit) {
        reach(record.offset);
        while (due())
            close_due(SIZE_MAX, visit);
        const Verdict verdict = add(record);
        while (due())
            close_due(SIZE_MAX, visit);
        return verdict;
    }

    /// Closes the windows that end at or before `until` although no record says that it is time:
    /// the caller knows that the partition is at its end and that the clock has passed end + grace.
    /// The watermark moves to the greatest end of the windows that close, or to the time for a
    /// revision that waits, and no further; the move is part of every checkpoint until replay_from
    /// has passed it. Returns whether anything
    /// closes; its rows are then due. Not while replaying, not while something is due.
    /// Errors: the checkpoint would no longer fit into Options::checkpoint_bytes_max; nothing has
    /// changed then, and the windows wait for a record.
    Result<bool> quiet_close(EventTime until);

    /// Shows the open windows that changed since they were shown last, as partial rows, at most
    /// `rows_max`; the others stay marked for the next call. Of tumbling windows all, by window
    /// end, then by first offset. Of the others one for each key that changed: of hopping and
    /// sliding windows the one that ends first of those with the key's newest record. Returns how
    /// many were shown. Changes no result.
    template <typename Visit>
    std::size_t visit_changed(std::size_t rows_max, Visit&& visit) {
        return visit_changed_rows(rows_max, RowVisitor(visit));
    }

    /// What must be committed together with `next_offset`, which is beyond every record taken.
    /// Not while replaying.
    [[nodiscard]] Checkpoint checkpoint(Offset next_offset) const;

    [[nodiscard]] EventTime watermark() const;

    /// The watermark at which rows come out next: the end of the window that closes next, or the
    /// time for a revision. Nothing when neither is waiting.
    [[nodiscard]] std::optional<EventTime> next_rows() const;

    /// What Options::open_windows_max bounds, kept windows included. Rows that are due count until
    /// the last row of their window has been shown.
    [[nodiscard]] std::uint64_t open_windows() const;

    /// True when a new window or key would get Fate::full: stop reading this partition's peers,
    /// raise the bound, or wait for a record that closes something.
    [[nodiscard]] bool full() const;

    /// An estimate of the memory held, in bytes, good to a few tens of percent.
    [[nodiscard]] std::size_t memory_bytes() const;

    [[nodiscard]] const Options& options() const;

private:
    std::size_t close_due_rows(std::size_t rows_max, RowVisitor visit);
    std::size_t visit_changed_rows(std::size_t rows_max, RowVisitor visit);

    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace weir::window
