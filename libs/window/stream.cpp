// SPDX-License-Identifier: Apache-2.0
#include "window/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "window/store.hpp"

namespace weir::window {

class Stream::Core {
public:
    Core(Options given, LogStart log_start)
        : options(check(std::move(given))),
          store_(Store::make(options)),
          log_is_cut_(log_start == LogStart::cut) {}

    void restore(const Checkpoint& checkpoint, Offset committed) {
        store_->watermark = checkpoint.watermark;
        if (checkpoint.incomplete_until == not_known_yet)
            log_is_cut_ = true;
        else
            store_->incomplete_until = checkpoint.incomplete_until;
        moves_ = checkpoint.moves;
        muted_before_ = checkpoint.cursor;
        committed_ = committed;
        replaying = true;
    }

    /// What is due at the committed offset was being written then, from the cursor on.
    void reach(Offset position) {
        for (; next_move_ < moves_.size() && moves_[next_move_].offset <= position; ++next_move_) {
            drop_due();
            if (const EventTime to = moves_[next_move_].watermark; to > store_->watermark)
                store_->advance_quietly(to);
        }
        if (position < committed_) return;
        if (muted_before_)
            store_->close(SIZE_MAX, muted_before_, nullptr);
        else
            drop_due();
        replaying = false;
    }

    Verdict add(const Record& record) {
        WEIR_ASSERT(!replaying || record.offset < committed_, "reach() comes before add()");
        WEIR_ASSERT(!due(), "rows that are due are shown before the next record is added");
        WEIR_ASSERT(number(record.offset) > last_offset_, "offsets rise");
        WEIR_ASSERT(record.time >= EventTime{}, "event times are not before 1970");
        if (replaying) drop_due();
        Verdict verdict{.muted = replaying, .watermark = store_->watermark};
        store_->take(record, !replaying, verdict);
        if (verdict.fate == Fate::full) return verdict;
        if (log_is_cut_) note_log_start(record.time);
        last_offset_ = number(record.offset);
        store_->advance(std::max(store_->watermark, record.time - options.grace));
        return verdict;
    }

    [[nodiscard]] bool due() const { return !replaying && store_->due(); }

    std::size_t close_due(std::size_t rows_max, RowVisitor visit) {
        return replaying ? 0 : store_->close(rows_max, {}, &visit);
    }

    Result<bool> quiet_close(EventTime until) {
        WEIR_ASSERT(!replaying && !due(), "a quiet close while rows wait or are replayed");
        const auto to = store_->quiet_watermark(until);
        if (!to) return false;
        const Move move{Offset{last_offset_ + 1}, *to};
        const Opening oldest = *store_->oldest();
        // One position has one watermark: the later move goes further.
        std::vector<Move> moves = moves_after(oldest.offset);
        if (!moves.empty() && moves.back().offset == move.offset) moves.pop_back();
        moves.push_back(move);
        Checkpoint checkpoint{.replay_from = oldest.offset,
                              .watermark = oldest.watermark,
                              .moves = std::move(moves),
                              .cursor = {},
                              .incomplete_until = store_->incomplete_until};
        const std::size_t bytes = checkpoint_bytes(checkpoint, options.checkpoint_format);
        if (bytes > options.checkpoint_bytes_max)
            return Error{
                fmt::format("closing quietly once more would need a checkpoint of {} bytes, and {} "
                            "are allowed: "
                            "a window that is held since offset {} holds {} moves",
                            bytes, options.checkpoint_bytes_max, number(oldest.offset),
                            checkpoint.moves.size())};
        moves_ = std::move(checkpoint.moves);
        store_->advance_quietly(move.watermark);
        return true;
    }

    std::size_t visit_changed(std::size_t rows_max, RowVisitor visit) {
        return replaying ? 0 : store_->visit_changed(rows_max, visit);
    }

    [[nodiscard]] Checkpoint checkpoint(Offset next_offset) const {
        WEIR_ASSERT(!replaying, "a stream that is replaying must not be in a commit");
        WEIR_ASSERT(number(next_offset) > last_offset_,
                    "what is committed is beyond the last record");
        const Opening from = store_->oldest().value_or(Opening{next_offset, watermark()});
        Checkpoint checkpoint{.replay_from = from.offset, .watermark = from.watermark};
        checkpoint.moves = moves_after(checkpoint.replay_from);
        if (due()) checkpoint.cursor = store_->cursor();
        if (checkpoint.cursor || !all_complete())
            checkpoint.incomplete_until = store_->incomplete_until;
        if (log_is_cut_) checkpoint.incomplete_until = not_known_yet;
        return checkpoint;
    }

    [[nodiscard]] EventTime watermark() const { return store_->watermark; }
    [[nodiscard]] std::optional<EventTime> next_rows() const { return store_->next_rows(); }
    [[nodiscard]] std::uint64_t open_windows() const { return store_->open_windows; }
    [[nodiscard]] bool full() const { return store_->full(); }
    [[nodiscard]] std::size_t memory_bytes() const { return sizeof(Core) + store_->memory_bytes(); }

    const Options options;
    bool replaying = false;

private:
    static Options check(Options options) {
        WEIR_ASSERT(options.size > Duration::zero(), "a window is longer than nothing");
        WEIR_ASSERT(options.grace >= Duration::zero(), "grace is not negative");
        WEIR_ASSERT(options.accept_late >= Duration::zero(), "accept_late is not negative");
        WEIR_ASSERT(!options.aggregates.list().empty(), "a window without an aggregate");
        if (options.kind == Kind::hopping)
            WEIR_ASSERT(options.every > Duration::zero() && options.every <= options.size,
                        "hopping windows leave no time out");
        if (options.kind == Kind::sliding)
            WEIR_ASSERT(options.size % std::chrono::milliseconds{1} == Duration::zero(),
                        "sliding windows are whole milliseconds");
        return options;
    }

    /// Rows that were written before the commit that is replayed up to.
    void drop_due() { store_->close(SIZE_MAX, {}, nullptr); }

    /// Records that are missing at the start lay at most grace beyond the first one that is there,
    /// or that one was late itself.
    void note_log_start(EventTime time) {
        log_is_cut_ = false;
        store_->incomplete_until = std::max(store_->incomplete_until, time + options.grace);
    }

    /// Once every window that may lack records has been forgotten, nobody asks any more. A session
    /// may go on for ever.
    [[nodiscard]] bool all_complete() const {
        const EventTime until = store_->incomplete_until;
        if (until == no_watermark) return true;
        if (watermark() == no_watermark || options.kind == Kind::session) return false;
        const Duration longest = options.size + std::chrono::milliseconds{2};
        return until + longest + options.accept_late <= watermark();
    }

    [[nodiscard]] std::vector<Move> moves_after(Offset offset) const {
        const auto first = std::find_if(moves_.begin(), moves_.end(),
                                        [&](const Move& move) { return move.offset > offset; });
        return {first, moves_.end()};
    }

    std::unique_ptr<Store> store_;
    std::int64_t last_offset_ = -1;
    std::vector<Move> moves_;
    bool log_is_cut_ = false;

    // Of a replay.
    Offset committed_{};
    std::size_t next_move_ = 0;
    std::optional<CloseCursor> muted_before_;
};

Stream::Stream(Options options, LogStart log_start)
    : core_(std::make_unique<Core>(std::move(options), log_start)) {}

Stream::Stream(Options options, const Checkpoint& checkpoint, Offset committed, LogStart log_start)
    : Stream(std::move(options), log_start) {
    core_->restore(checkpoint, committed);
}

Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

void Stream::reach(Offset position) {
    if (core_->replaying) core_->reach(position);
}

bool Stream::replaying() const { return core_->replaying; }

Verdict Stream::add(const Record& record) { return core_->add(record); }

bool Stream::due() const { return core_->due(); }

Result<bool> Stream::quiet_close(EventTime until) { return core_->quiet_close(until); }

Checkpoint Stream::checkpoint(Offset next_offset) const { return core_->checkpoint(next_offset); }

EventTime Stream::watermark() const { return core_->watermark(); }

std::optional<EventTime> Stream::next_rows() const { return core_->next_rows(); }

std::uint64_t Stream::open_windows() const { return core_->open_windows(); }

bool Stream::full() const { return core_->full(); }

std::size_t Stream::memory_bytes() const { return core_->memory_bytes(); }

const Options& Stream::options() const { return core_->options; }

std::size_t Stream::close_due_rows(std::size_t rows_max, RowVisitor visit) {
    return core_->close_due(rows_max, visit);
}

std::size_t Stream::visit_changed_rows(std::size_t rows_max, RowVisitor visit) {
    return core_->visit_changed(rows_max, visit);
}

}  // namespace weir::window
