// SPDX-License-Identifier: Apache-2.0
#include "window/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "window/bucket.hpp"
#include "window/key_table.hpp"

namespace weir::window {

class Stream::Core {
public:
    Core(Options given, LogStart log_start)
        : options(std::move(given)),
          outputs_(options.aggregates.list().size()),
          log_is_cut_(log_start == LogStart::cut) {
        WEIR_ASSERT(options.size > Duration::zero(), "a window is longer than nothing");
        WEIR_ASSERT(options.grace >= Duration::zero(), "grace is not negative");
        WEIR_ASSERT(!options.aggregates.list().empty(), "a window without an aggregate");
    }

    void restore(const Checkpoint& checkpoint, Offset committed) {
        watermark = checkpoint.watermark;
        if (checkpoint.incomplete_until == not_known_yet)
            log_is_cut_ = true;
        else
            incomplete_until_ = checkpoint.incomplete_until;
        moves_ = checkpoint.moves;
        muted_before_ = checkpoint.cursor;
        committed_ = committed;
        replaying = true;
    }

    void reach(Offset position) {
        while (next_move_ < moves_.size() && moves_[next_move_].offset <= position) {
            watermark = std::max(watermark, moves_[next_move_].watermark);
            drop_muted();
            ++next_move_;
        }
        if (position >= committed_) replaying = false;
    }

    Verdict add(const Record& record) {
        WEIR_ASSERT(!replaying || record.offset < committed_, "reach() comes before add()");
        WEIR_ASSERT(!due(), "rows that are due are shown before the next record is added");
        WEIR_ASSERT(number(record.offset) > last_offset_, "offsets rise");
        WEIR_ASSERT(record.time >= EventTime{}, "event times are not before 1970");
        Verdict verdict{
            .muted = replaying, .window = window_of(record.time), .watermark = watermark};
        if (verdict.window.end <= watermark) {
            verdict.fate = Fate::late;
            verdict.late_by = watermark - verdict.window.end;
        } else if (!fold(record, verdict.window)) {
            verdict.fate = Fate::full;
            return verdict;
        }
        note_log_start(record.time);
        last_offset_ = number(record.offset);
        watermark = std::max(watermark, record.time - options.grace);
        if (replaying) drop_muted();
        return verdict;
    }

    [[nodiscard]] bool due() const {
        return !replaying && !buckets_.empty() && buckets_.begin()->first <= watermark;
    }

    std::size_t close_due(std::size_t rows_max, RowVisitor visit) {
        std::size_t shown = 0;
        while (shown < rows_max && due()) {
            Bucket& bucket = buckets_.begin()->second;
            for (; bucket.next_row < bucket.size() && shown < rows_max; ++shown)
                show(bucket, bucket.row(bucket.next_row++), Finality::final, visit);
            if (bucket.next_row == bucket.size()) erase(buckets_.begin());
        }
        return shown;
    }

    Result<bool> quiet_close(EventTime until) {
        WEIR_ASSERT(!replaying && !due(), "a quiet close while rows wait or are replayed");
        const auto beyond = buckets_.upper_bound(until);
        if (beyond == buckets_.begin()) return false;
        const Move move{Offset{last_offset_ + 1}, std::prev(beyond)->first};
        // One position has one watermark: the later move goes further.
        std::vector<Move> moves = moves_after(oldest_->opened_by);
        if (!moves.empty() && moves.back().offset == move.offset) moves.pop_back();
        moves.push_back(move);
        Checkpoint checkpoint{.replay_from = oldest_->opened_by,
                              .watermark = oldest_->watermark_before,
                              .moves = std::move(moves),
                              .cursor = {},
                              .incomplete_until = incomplete_until_};
        const std::size_t bytes = checkpoint_bytes(checkpoint);
        if (bytes > options.checkpoint_bytes_max)
            return Error{
                fmt::format("closing quietly once more would need a checkpoint of {} bytes, and {} "
                            "are allowed: "
                            "a window that is open since offset {} holds {} moves",
                            bytes, options.checkpoint_bytes_max, number(oldest_->opened_by),
                            checkpoint.moves.size())};
        moves_ = std::move(checkpoint.moves);
        watermark = move.watermark;
        return true;
    }

    std::size_t visit_changed(std::size_t rows_max, RowVisitor visit) {
        if (replaying) return 0;
        std::size_t shown = 0;
        for (auto at = buckets_.upper_bound(watermark); at != buckets_.end(); ++at) {
            Bucket& bucket = at->second;
            for (std::uint32_t i = 0; bucket.changed && i < bucket.size(); ++i) {
                RowState& row = bucket.row(i);
                if (!row.changed) continue;
                if (shown == rows_max) return shown;
                row.changed = false;
                show(bucket, row, Finality::partial, visit);
                ++shown;
            }
            bucket.changed = false;
        }
        return shown;
    }

    [[nodiscard]] Checkpoint checkpoint(Offset next_offset) const {
        WEIR_ASSERT(!replaying, "a stream that is replaying must not be in a commit");
        WEIR_ASSERT(number(next_offset) > last_offset_,
                    "what is committed is beyond the last record");
        Checkpoint checkpoint{.replay_from = next_offset, .watermark = watermark};
        if (oldest_ != nullptr) {
            checkpoint.replay_from = oldest_->opened_by;
            checkpoint.watermark = oldest_->watermark_before;
        }
        checkpoint.moves = moves_after(checkpoint.replay_from);
        if (due()) {
            const Bucket& closing = buckets_.begin()->second;
            checkpoint.cursor = {closing.window.end, closing.row(closing.next_row).first_offset};
        }
        // Once every window that may lack records has been written, nobody asks any more.
        const bool over =
            watermark != no_watermark && incomplete_until_ + options.size <= watermark;
        if (checkpoint.cursor || !over) checkpoint.incomplete_until = incomplete_until_;
        if (log_is_cut_) checkpoint.incomplete_until = not_known_yet;
        return checkpoint;
    }

    [[nodiscard]] std::optional<EventTime> earliest_end() const {
        if (buckets_.empty()) return std::nullopt;
        return buckets_.begin()->first;
    }

    [[nodiscard]] bool full() const { return open_windows >= options.open_windows_max; }

    [[nodiscard]] std::size_t memory_bytes() const {
        return sizeof(Core) + bucket_bytes_ + keys_.memory_bytes();
    }

    const Options options;
    EventTime watermark = no_watermark;
    std::uint64_t open_windows = 0;
    bool replaying = false;

private:
    using Buckets = std::map<EventTime, Bucket>;

    /// A record mostly falls into the window of the one before it: no division then.
    [[nodiscard]] Window window_of(EventTime time) const {
        if (last_bucket_ != nullptr && time >= last_bucket_->window.start &&
            time < last_bucket_->window.end)
            return last_bucket_->window;
        return tumbling_window(time, options.size);
    }

    /// Adds the record to its window. False, with nothing changed, when there is no room for it.
    bool fold(const Record& record, const Window& window) {
        Bucket* bucket = find_bucket(window);
        const KeyTable::Found key = keys_.find(record.key);
        std::uint32_t index = Bucket::no_row;
        if (bucket != nullptr && key.known) {
            const KeyTable::Key& known = keys_[key.id];
            index = known.bucket == bucket->serial ? known.row : bucket->find(key.id);
        }
        KeyTable::Id id = key.id;
        if (index == Bucket::no_row) {
            if (full() && !replaying && !makes_room(record.time)) return false;
            if (bucket == nullptr) bucket = &open_bucket(window, record.offset);
            if (!key.known) id = keys_.insert(record.key, key.hash);
            index = open_row(*bucket, id, record.offset);
        }
        RowState& row = bucket->row(index);
        options.aggregates.fold(row.state(), record.inputs);
        ++row.records;
        row.last_offset = record.offset;
        row.changed = true;
        bucket->changed = true;
        keys_[id].bucket = bucket->serial;
        keys_[id].row = index;
        last_bucket_ = bucket;
        return true;
    }

    [[nodiscard]] Bucket* find_bucket(const Window& window) {
        if (last_bucket_ != nullptr && last_bucket_->window == window) return last_bucket_;
        const auto at = buckets_.find(window.end);
        return at == buckets_.end() ? nullptr : &at->second;
    }

    Bucket& open_bucket(const Window& window, Offset offset) {
        const auto [at, opened] = buckets_.try_emplace(window.end, window, ++last_serial_, offset,
                                                       watermark, options.aggregates.state_words());
        WEIR_ASSERT(opened, "a window was opened twice");
        Bucket& bucket = at->second;
        bucket.older = newest_;
        (newest_ != nullptr ? newest_->newer : oldest_) = &bucket;
        newest_ = &bucket;
        bucket_bytes_ += bucket.memory_bytes();
        return bucket;
    }

    std::uint32_t open_row(Bucket& bucket, KeyTable::Id id, Offset offset) {
        bucket_bytes_ -= bucket.memory_bytes();
        const std::uint32_t index = bucket.insert(id);
        bucket_bytes_ += bucket.memory_bytes();
        RowState& row = bucket.row(index);
        row.first_offset = offset;
        options.aggregates.reset(row.state());
        ++keys_[id].uses;
        ++open_windows;
        return index;
    }

    /// True when a record at `time` closes a window, so that taking it makes room.
    [[nodiscard]] bool makes_room(EventTime time) const {
        return !buckets_.empty() && buckets_.begin()->first <= time - options.grace;
    }

    void erase(Buckets::iterator at) {
        Bucket& bucket = at->second;
        for (std::uint32_t i = 0; i < bucket.size(); ++i)
            keys_.release(bucket.row(i).key);
        (bucket.older != nullptr ? bucket.older->newer : oldest_) = bucket.newer;
        (bucket.newer != nullptr ? bucket.newer->older : newest_) = bucket.older;
        if (last_bucket_ == &bucket) last_bucket_ = nullptr;
        open_windows -= bucket.size();
        bucket_bytes_ -= bucket.memory_bytes();
        buckets_.erase(at);
    }

    /// Forgets the windows that are due and were written before the crash; of the window that was
    /// being written, the rows that were.
    void drop_muted() {
        while (!buckets_.empty() && buckets_.begin()->first <= watermark) {
            Bucket& bucket = buckets_.begin()->second;
            if (muted_before_ && bucket.window.end >= muted_before_->end) {
                while (bucket.window.end == muted_before_->end && bucket.next_row < bucket.size() &&
                       bucket.row(bucket.next_row).first_offset < muted_before_->first_offset)
                    ++bucket.next_row;
                if (bucket.next_row < bucket.size()) return;
            }
            erase(buckets_.begin());
        }
    }

    /// Records that are missing at the start lay at most grace beyond the first one that is there,
    /// or that one was late itself.
    void note_log_start(EventTime time) {
        if (!log_is_cut_) return;
        log_is_cut_ = false;
        incomplete_until_ = std::max(incomplete_until_, time + options.grace);
    }

    [[nodiscard]] std::vector<Move> moves_after(Offset offset) const {
        const auto first = std::find_if(moves_.begin(), moves_.end(),
                                        [&](const Move& move) { return move.offset > offset; });
        return {first, moves_.end()};
    }

    void show(const Bucket& bucket, RowState& state, Finality finality, RowVisitor visit) {
        options.aggregates.finish(state.state(), state.records, outputs_);
        visit(Row{.window = bucket.window,
                  .key = keys_[state.key].text,
                  .values = outputs_,
                  .records = state.records,
                  .first_offset = state.first_offset,
                  .last_offset = state.last_offset,
                  .watermark = watermark,
                  .finality = finality,
                  .complete = bucket.window.start > incomplete_until_});
    }

    Buckets buckets_;  ///< by window end
    Bucket* oldest_ = nullptr;
    Bucket* newest_ = nullptr;
    Bucket* last_bucket_ = nullptr;
    KeyTable keys_;
    std::vector<Output> outputs_;
    std::uint64_t last_serial_ = 0;
    std::size_t bucket_bytes_ = 0;
    std::int64_t last_offset_ = -1;
    std::vector<Move> moves_;
    EventTime incomplete_until_ = no_watermark;
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

EventTime Stream::watermark() const { return core_->watermark; }

std::optional<EventTime> Stream::earliest_end() const { return core_->earliest_end(); }

std::uint64_t Stream::open_windows() const { return core_->open_windows; }

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
