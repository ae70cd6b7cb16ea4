// SPDX-License-Identifier: Apache-2.0
#include "window/slice_store.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/assert.hpp"

namespace weir::window {

SliceStore::SliceStore(const Options& options)
    : Store(options, options.kind == Kind::hopping ? options.every : options.size),
      placement_(options),
      shares_halves_(options.kind == Kind::hopping && !options.aggregates.owns_memory()),
      partial_state_(options.aggregates.state_words()) {}

SliceStore::~SliceStore() {
    release_rows();
    if (!content_.owns_memory()) return;
    for (KeyState& key : states_)
        for (std::size_t i = 0; i < key.slices.size(); ++i)
            content_.release(key.slices.state(i));
}

/// A record mostly falls into the slice of the one before it: no division then.
void SliceStore::place(EventTime time) {
    if (time >= slice_ && time < slice_end_) return;
    slice_ = placement_.slice_of(time);
    slice_end_ = slice_ + placement_.slice_size();
    window_ = placement_.ending(placement_.deciding_end(slice_));
}

void SliceStore::take(const Record& record, bool may_refuse, Verdict& verdict) {
    place(record.time);
    verdict.window = window_;
    if (forgotten(window_.end)) {
        verdict.fate = Fate::late;
        verdict.late_by = watermark - window_.end;
        return;
    }
    const KeyTable::Found found = keys_.find(record.key);
    std::size_t index = 0;
    bool is_new = true;
    if (found.known) {
        KeyState& known = states_[found.id];
        index = find_slice(known);
        is_new = index == known.slices.size() || known.slices.head(index).start != slice_;
        if (!is_new && !content_.admit(known.slices.state(index), record.id)) {
            verdict.fate = Fate::repeated;
            return;
        }
    }
    if (is_new && full() && may_refuse && !makes_room(record.time)) {
        verdict.fate = Fate::full;
        return;
    }
    const KeyTable::Id id = found.known ? found.id : keys_.insert(record.key, found.hash);
    KeyState& key = state_of(id);
    if (keeps_closed()) note_revisions(id);
    if (is_new) open_slice(id, index, record);
    Slice& slice = key.slices.head(index);
    options_.aggregates.fold(key.slices.state(index), record.inputs, {record.time, record.offset});
    ++slice.records;
    slice.last_offset = record.offset;
    if (slice_ < key.merged_to) key.halves->start_again();
    if (!key.changed) {
        key.changed = true;
        changed_.push_back(id);
    }
}

std::size_t SliceStore::find_slice(const KeyState& key) const {
    const std::size_t size = key.slices.size();
    if (size > 0 && key.slices.head(size - 1).start == slice_) return size - 1;
    return key.slices.lower_bound(slice_);
}

SliceStore::KeyState& SliceStore::state_of(KeyTable::Id id) {
    while (states_.size() <= id)
        states_.emplace_back(content_.words());
    return states_[id];
}

void SliceStore::open_slice(KeyTable::Id id, std::size_t index, const Record& record) {
    const Offset offset = record.offset;
    KeyState& key = states_[id];
    if (key.slices.empty()) ++keys_[id].uses;
    key.slices.insert(index, {.start = slice_, .first_offset = offset, .last_offset = offset});
    content_.reset(key.slices.state(index));
    const bool first = content_.admit(key.slices.state(index), record.id);
    WEIR_ASSERT(first, "a record is repeated where none was");
    ++open_windows;
    const EventTime end = placement_.span_end(slice_);
    if (spans_.try_emplace(end, offset).second) {
        openings_.add(offset, watermark);
        wake_by(forgotten_at(end));
    }
    const EventTime next = placement_.next_end(key.slices, watermark);
    if (next < key.waits_for) wait_for(id, next);
}

void SliceStore::wait_for(KeyTable::Id id, EventTime end) {
    states_[id].waits_for = end;
    if (end == never) return;
    waiting_[end].push_back(id);
    wake_by(end);
}

/// A window without a note had its last result when it closed, if it had any records then; and
/// whatever it had then is still there.
void SliceStore::note_revisions(KeyTable::Id id) {
    if (watermark == no_watermark || slice_ >= watermark) return;
    const Slices& slices = states_[id].slices;
    const EventTime kept_after = watermark - options_.accept_late;
    for (const EventTime end : placement_.ends_touched(slices, slice_, kept_after, watermark)) {
        const auto [at, is_new] = revisions_.try_emplace({end, id});
        Revision& revision = at->second;
        if (is_new) revision.number = placement_.exists(slices, end) ? 1 : 0;
        if (revision.waiting) continue;
        revision.waiting = true;
        revised_[end].push_back(id);
        expect_revision(end);
    }
}

bool SliceStore::open_group() {
    revising_ = !revised_.empty() && revision_due(revised_.begin()->first);
    if (revising_) {
        group_end_ = revised_.begin()->first;
        for (const KeyTable::Id id : revised_.begin()->second)
            add_row(id, revisions_.at({group_end_, id}).number);
    } else {
        if (waiting_.empty() || waiting_.begin()->first > watermark) return false;
        group_end_ = waiting_.begin()->first;
        const std::vector<KeyTable::Id>& ids = waiting_.begin()->second;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            fetch_ahead(ids, i);
            const KeyTable::Id id = ids[i];
            // A key that found an earlier window to wait for has left its place here behind.
            if (states_[id].waits_for != group_end_) continue;
            states_[id].waits_for = never;
            add_row(id, 0);
        }
    }
    for (std::size_t i = 0; i < rows_.size(); ++i)
        order_.emplace_back(rows_[i].first_offset, i);
    std::sort(order_.begin(), order_.end());
    next_row_ = 0;
    return true;
}

/// Every key's memory is somewhere else, so it is asked for a few keys before it is needed.
void SliceStore::fetch_ahead(const std::vector<KeyTable::Id>& ids, std::size_t index) const {
    constexpr std::size_t far = 16;
    constexpr std::size_t near = 8;
    if (index + far < ids.size()) __builtin_prefetch(&states_[ids[index + far]]);
    if (index + near >= ids.size()) return;
    const KeyState& key = states_[ids[index + near]];
    key.slices.prefetch();
    if (key.halves) __builtin_prefetch(key.halves.get());
}

void SliceStore::add_row(KeyTable::Id id, std::uint32_t revision) {
    const std::size_t place = row_states_.size();
    row_states_.resize(place + options_.aggregates.state_words());
    rows_.push_back(merged(group_end_, id, !revising_, row_states_.data() + place));
    rows_.back().revision = revision;
}

/// The row of a window and key, its accumulator in `state`.
Store::Shown SliceStore::merged(EventTime end, KeyTable::Id id, bool closing,
                                std::uint64_t* state) {
    const Aggregates& aggregates = options_.aggregates;
    KeyState& key = states_[id];
    const Window window = placement_.ending(end);
    const EventTime boundary = placement_.boundary(window);
    aggregates.reset(state);
    const Slice all =
        closing && shares_halves_
            ? halves_of(key, end).merge(aggregates, key.slices, window, boundary, state)
            : merge_by_rule(aggregates, key.slices, window, boundary, state);
    WEIR_ASSERT(all.records > 0, "a window without a record");
    return {.window = window,
            .key = id,
            .records = all.records,
            .first_offset = all.first_offset,
            .last_offset = all.last_offset,
            .beyond = content_.keeps_ids() && any_beyond(key.slices, window)};
}

bool SliceStore::any_beyond(const Slices& slices, const Window& window) const {
    for (std::size_t i = slices.lower_bound(window.start);
         i < slices.size() && slices.head(i).start < window.end; ++i)
        if (content_.beyond(slices.state(i))) return true;
    return false;
}

Halves& SliceStore::halves_of(KeyState& key, EventTime merged_to) {
    if (!key.halves) key.halves = std::make_unique<Halves>();
    key.merged_to = merged_to;
    return *key.halves;
}

const Store::Shown* SliceStore::peek() {
    if (next_row_ == rows_.size()) return nullptr;
    const std::size_t index = order_[next_row_].second;
    Shown& row = rows_[index];
    row.state = row_states_.data() + index * options_.aggregates.state_words();
    return &row;
}

void SliceStore::pop() {
    const Shown& row = rows_[order_[next_row_++].second];
    if (!revising_) return;
    Revision& revision = revisions_.at({group_end_, row.key});
    ++revision.number;
    revision.waiting = false;
}

void SliceStore::close_group() {
    if (revising_) {
        revised_.erase(group_end_);
        if (revised_.empty()) no_revisions();
    } else {
        for (const Shown& row : rows_)
            wait_for(row.key, placement_.next_end(states_[row.key].slices, group_end_));
        waiting_.erase(group_end_);
    }
    release_rows();
}

void SliceStore::release_rows() {
    const std::size_t words = options_.aggregates.state_words();
    if (options_.aggregates.owns_memory())
        for (std::size_t i = 0; i < rows_.size(); ++i)
            options_.aggregates.release(row_states_.data() + i * words);
    rows_.clear();
    row_states_.clear();
    order_.clear();
}

void SliceStore::forget() {
    bool any = false;
    for (; !spans_.empty() && forgotten(spans_.begin()->first); spans_.erase(spans_.begin())) {
        openings_.remove(spans_.begin()->second);
        any = true;
    }
    while (!revisions_.empty() && forgotten(revisions_.begin()->first.first))
        revisions_.erase(revisions_.begin());
    for (KeyTable::Id id = 0; any && id < states_.size(); ++id)
        drop_slices(id);
}

void SliceStore::drop_slices(KeyTable::Id id) {
    Slices& slices = states_[id].slices;
    std::size_t count = 0;
    while (count < slices.size() && forgotten(placement_.last_end(slices.head(count).start)))
        ++count;
    if (count == 0) return;
    if (content_.owns_memory())
        for (std::size_t i = 0; i < count; ++i)
            content_.release(slices.state(i));
    slices.erase_front(count);
    open_windows -= count;
    if (!slices.empty()) return;
    keys_.release(id);
    states_[id].halves.reset();
    states_[id].merged_to = no_merge;
}

EventTime SliceStore::next_wake() {
    EventTime wake = waiting_.empty() ? never : waiting_.begin()->first;
    if (!spans_.empty()) wake = std::min(wake, forgotten_at(spans_.begin()->first));
    if (!revised_.empty()) wake = std::min(wake, forgotten_at(revised_.begin()->first));
    return wake;
}

EventTime SliceStore::next_end() {
    for (; !waiting_.empty(); waiting_.erase(waiting_.begin())) {
        const auto& [end, ids] = *waiting_.begin();
        if (std::any_of(ids.begin(), ids.end(),
                        [&, end = end](KeyTable::Id id) { return states_[id].waits_for == end; }))
            return end;
    }
    return never;
}

EventTime SliceStore::greatest_end(EventTime until) {
    EventTime greatest = no_watermark;
    for (const KeyState& key : states_)
        greatest = std::max(greatest, placement_.greatest_end(key.slices, watermark, until));
    return greatest;
}

std::size_t SliceStore::visit_changed(std::size_t rows_max, const RowVisitor& visit) {
    std::size_t shown = 0;
    std::size_t i = 0;
    for (; i < changed_.size() && shown < rows_max; ++i) {
        const KeyTable::Id id = changed_[i];
        states_[id].changed = false;
        const EventTime end = placement_.running_end(states_[id].slices, watermark);
        if (end == never) continue;
        Shown row = merged(end, id, false, partial_state_.data());
        row.state = partial_state_.data();
        show(row, Finality::partial, visit);
        options_.aggregates.release(partial_state_.data());
        ++shown;
    }
    changed_.erase(changed_.begin(), changed_.begin() + static_cast<std::ptrdiff_t>(i));
    return shown;
}

std::size_t SliceStore::memory_bytes() const {
    std::size_t bytes = keys_.memory_bytes() + states_.size() * sizeof(KeyState) +
                        row_states_.capacity() * 8 + rows_.capacity() * sizeof(Shown);
    for (const KeyState& key : states_) {
        bytes += key.slices.memory_bytes() + (key.halves ? key.halves->memory_bytes() : 0);
        if (!content_.owns_memory()) continue;
        for (std::size_t i = 0; i < key.slices.size(); ++i)
            bytes += content_.owned_bytes(key.slices.state(i));
    }
    return bytes;
}

}  // namespace weir::window
