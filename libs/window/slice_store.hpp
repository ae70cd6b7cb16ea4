// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "window/halves.hpp"
#include "window/placement.hpp"
#include "window/store.hpp"

/// Inside libs/window only.
namespace weir::window {

/// Hopping and sliding windows: a record is added to one slice of its key, and when a window
/// closes, its slices are merged in time order.
///
/// Each key with slices waits for the one of its windows that closes next; the keys that wait for
/// the same end are the rows of that window. What lies in a slice that is still there is in every
/// window that closes later, so a record that is late for some of its windows is in the others.
///
/// A revision is known by window end and key. It is noted when a late record comes, and whether
/// the window had a result before follows from the slices that were there.
class SliceStore final : public Store {
public:
    explicit SliceStore(const Options& options);
    ~SliceStore() override;

    void take(const Record& record, bool may_refuse, Verdict& verdict) override;
    std::size_t visit_changed(std::size_t rows_max, const RowVisitor& visit) override;
    [[nodiscard]] std::size_t memory_bytes() const override;

private:
    /// What a record needs of its key: no more than a line of cache.
    struct KeyState {
        explicit KeyState(std::size_t state_words) : slices(state_words) {}

        Slices slices;
        EventTime waits_for = never;     ///< the end of its window that closes next
        EventTime merged_to = no_merge;  ///< up to where slices have been merged into `halves`
        std::unique_ptr<Halves> halves;
        bool changed = false;  ///< is in changed_
    };
    static constexpr EventTime no_merge = EventTime::min();

    struct Revision {
        std::uint32_t number = 0;  ///< of the next result
        bool waiting = false;
    };

    bool open_group() override;
    const Shown* peek() override;
    void pop() override;
    void close_group() override;
    void forget() override;
    EventTime next_wake() override;
    EventTime next_end() override;
    EventTime greatest_end(EventTime until) override;

    void place(EventTime time);
    [[nodiscard]] std::size_t find_slice(const KeyState& key) const;
    void open_slice(KeyTable::Id id, std::size_t index, const Record& record);
    void note_revisions(KeyTable::Id id);
    void wait_for(KeyTable::Id id, EventTime end);
    KeyState& state_of(KeyTable::Id id);
    static Halves& halves_of(KeyState& key, EventTime merged_to);
    void fetch_ahead(const std::vector<KeyTable::Id>& ids, std::size_t index) const;
    void add_row(KeyTable::Id id, std::uint32_t revision);
    Shown merged(EventTime end, KeyTable::Id id, bool closing, std::uint64_t* state);
    [[nodiscard]] bool any_beyond(const Slices& slices, const Window& window) const;
    void release_rows();
    void drop_slices(KeyTable::Id id);

    const Placement placement_;
    const bool shares_halves_;
    std::vector<KeyState> states_;  ///< by KeyTable::Id
    std::map<EventTime, std::vector<KeyTable::Id>> waiting_;
    std::map<EventTime, Offset> spans_;  ///< by Placement::span_end, with what opened them
    std::map<std::pair<EventTime, KeyTable::Id>, Revision> revisions_;
    std::map<EventTime, std::vector<KeyTable::Id>> revised_;  ///< those that wait
    std::vector<KeyTable::Id> changed_;

    // Where the record being taken goes, as it was for the one before.
    EventTime slice_ = never;
    EventTime slice_end_{};
    Window window_{};

    // The present group.
    EventTime group_end_{};
    bool revising_ = false;
    std::vector<Shown> rows_;  ///< in the order in which the keys wait
    std::vector<std::uint64_t> row_states_;
    std::vector<std::pair<Offset, std::size_t>> order_;  ///< of rows_, as they are shown
    std::size_t next_row_ = 0;
    std::vector<std::uint64_t> partial_state_;
};

}  // namespace weir::window
