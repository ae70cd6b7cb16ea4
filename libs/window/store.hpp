// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "window/checkpoint.hpp"
#include "window/content.hpp"
#include "window/key_table.hpp"
#include "window/openings.hpp"
#include "window/stream.hpp"
#include "window/types.hpp"

/// Inside libs/window only.
namespace weir::window {

/// The windows that a stream holds: open ones, and closed ones that are kept for late records.
///
/// Problem: kinds of windows differ in what a record goes into and when it closes; how rows come
/// out, in what order, in parts, once or again as revisions, and what is forgotten when, is the
/// same for all and what replay depends on. That is here.
///
/// When the watermark has moved, rows become due in groups of one window end: first revisions of
/// closed windows, then windows that close, each by rising ends; so the rows of one move are
/// ordered by window end, within it by Row::first_offset. Nothing is forgotten before all of them
/// have been shown.
///
/// Revisions wait until the watermark passes the next multiple of `revision_step` since 1970, or
/// until their window is forgotten, so that many late records make one revision. Both follow from
/// the records alone.
class Store {
public:
    static std::unique_ptr<Store> make(const Options& options);

    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    /// Judges a record and takes it: fills in the verdict's fate, window and lateness. `may_refuse`
    /// says whether Fate::full is an answer. Nothing is due.
    virtual void take(const Record& record, bool may_refuse, Verdict& verdict) = 0;

    /// The watermark has moved; nothing was due before.
    void advance(EventTime to) {
        watermark = to;
        if (to >= wake_at_) settle();
    }

    /// The same without a record. How far the clock goes at once is not in the log, so that rows
    /// that close by it do not show it: they say that the watermark was at their window's end.
    void advance_quietly(EventTime to) {
        quiet_watermark_ = to;
        advance(to);
    }

    /// True when a row is waiting.
    [[nodiscard]] bool due() const { return due_; }

    /// Shows at most `rows_max` rows that are due, up to the row `until`; without `visit` they are
    /// taken for written. Returns how many.
    std::size_t close(std::size_t rows_max, const std::optional<CloseCursor>& until,
                      const RowVisitor* visit);

    /// The next row; something is due.
    CloseCursor cursor() {
        const Shown& row = *peek();
        return {row.window.end, row.first_offset};
    }

    /// The watermark at which rows will come out next.
    std::optional<EventTime> next_rows();

    /// The watermark up to which a quiet close moves that may close all that ends by `until`.
    std::optional<EventTime> quiet_watermark(EventTime until);

    virtual std::size_t visit_changed(std::size_t rows_max, const RowVisitor& visit) = 0;

    [[nodiscard]] std::optional<Opening> oldest() const { return openings_.oldest(); }
    [[nodiscard]] bool full() const { return open_windows >= options_.open_windows_max; }
    [[nodiscard]] virtual std::size_t memory_bytes() const = 0;

    EventTime watermark = no_watermark;
    EventTime incomplete_until = no_watermark;
    std::uint64_t open_windows = 0;

protected:
    static constexpr EventTime never = EventTime::max();

    /// A row before it is finished.
    struct Shown {
        Window window{};
        KeyTable::Id key = 0;
        std::uint64_t records = 0;
        Offset first_offset{};
        Offset last_offset{};
        std::uint32_t revision = 0;
        const std::uint64_t* state = nullptr;
        bool beyond = false;  ///< there were more ids than are kept
    };

    Store(const Options& options, Duration revision_step);

    /// Makes the next group of due rows the present one, if there is one.
    virtual bool open_group() = 0;
    /// The present group's next row, or nullptr.
    virtual const Shown* peek() = 0;
    /// That row has been written.
    virtual void pop() = 0;
    /// All rows of the group have been.
    virtual void close_group() = 0;
    /// Everything due has been written: forgets what ended accept_late before the watermark.
    virtual void forget() = 0;
    /// The watermark at which there will be something to do.
    virtual EventTime next_wake() = 0;
    /// The end of the open window that closes next, or `never`.
    virtual EventTime next_end() = 0;
    /// The greatest end up to `until` of an open window; no_watermark when there is none.
    virtual EventTime greatest_end(EventTime until) = 0;

    /// Whether a window that ends at `end` has been forgotten.
    [[nodiscard]] bool forgotten(EventTime end) const {
        return end + options_.accept_late <= watermark;
    }
    [[nodiscard]] bool keeps_closed() const { return options_.accept_late > Duration::zero(); }
    [[nodiscard]] EventTime forgotten_at(EventTime end) const { return end + options_.accept_late; }

    /// True when a record at `time` makes something close or be forgotten, and so makes room.
    [[nodiscard]] bool makes_room(EventTime time) const {
        return wake_at_ <= time - options_.grace;
    }

    void wake_by(EventTime time) { wake_at_ = std::min(wake_at_, time); }
    /// A window that ends at `end` and is closed has a revision to show.
    void expect_revision(EventTime end);
    /// Whether the revision of that window is due.
    [[nodiscard]] bool revision_due(EventTime end) const {
        return revise_at_ <= watermark || forgotten(end);
    }
    void no_revisions() { revise_at_ = never; }

    void show(const Shown& row, Finality finality, const RowVisitor& visit);

    const Options& options_;
    const Content content_;
    KeyTable keys_;
    Openings openings_;
    EventTime revise_at_ = never;  ///< while revisions are waiting

private:
    void settle();
    bool find_row();
    [[nodiscard]] EventTime shown_watermark(const Shown& row, Finality finality) const;

    const Duration revision_step_;
    const Duration completeness_margin_;
    EventTime wake_at_ = never;
    EventTime quiet_watermark_ = no_watermark;
    bool due_ = false;
    bool in_group_ = false;
    std::vector<Output> outputs_;
};

}  // namespace weir::window
