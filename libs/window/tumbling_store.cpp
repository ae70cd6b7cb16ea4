// SPDX-License-Identifier: Apache-2.0
#include "window/tumbling_store.hpp"

#include <algorithm>
#include <iterator>

#include "base/assert.hpp"

namespace weir::window {

TumblingStore::~TumblingStore() {
    if (!content_.owns_memory()) return;
    for (auto& [end, bucket] : buckets_)
        for (std::uint32_t i = 0; i < bucket.size(); ++i)
            content_.release(bucket.row(i).state());
}

void TumblingStore::take(const Record& record, bool may_refuse, Verdict& verdict) {
    verdict.window = window_of(record.time);
    const EventTime end = verdict.window.end;
    if (end > watermark) {
        verdict.fate = fold(record, verdict.window, may_refuse);
    } else if (forgotten(end)) {
        verdict.fate = Fate::late;
        verdict.late_by = watermark - end;
    } else {
        closed_to_ = watermark;
        verdict.fate = fold(record, verdict.window, may_refuse);
        if (verdict.fate != Fate::used) return;
        revised_.insert(end);
        expect_revision(end);
    }
}

/// A record mostly falls into the window of the one before it: no division then.
Window TumblingStore::window_of(EventTime time) const {
    if (last_bucket_ != nullptr && time >= last_bucket_->window.start &&
        time < last_bucket_->window.end)
        return last_bucket_->window;
    return tumbling_window(time, options_.size);
}

/// Adds the record to its window, if there is room for it and it is not repeated: otherwise nothing
/// has changed.
Fate TumblingStore::fold(const Record& record, const Window& window, bool may_refuse) {
    Bucket* bucket = find_bucket(window);
    const KeyTable::Found key = keys_.find(record.key);
    std::uint32_t index = Bucket::no_row;
    if (bucket != nullptr && key.known) {
        const KeyTable::Key& known = keys_[key.id];
        index = known.bucket == bucket->serial ? known.row : bucket->find(key.id);
    }
    KeyTable::Id id = key.id;
    if (index == Bucket::no_row) {
        if (full() && may_refuse && !makes_room(record.time)) return Fate::full;
        if (bucket == nullptr) bucket = &open_bucket(window, record.offset);
        if (!key.known) id = keys_.insert(record.key, key.hash);
        index = open_row(*bucket, id, record.offset);
    }
    RowState& row = bucket->row(index);
    if (!content_.admit(row.state(), record.id)) return Fate::repeated;
    options_.aggregates.fold(row.state(), record.inputs, {record.time, record.offset});
    ++row.records;
    row.last_offset = record.offset;
    row.changed = true;
    bucket->changed = true;
    keys_[id].bucket = bucket->serial;
    keys_[id].row = index;
    last_bucket_ = bucket;
    return Fate::used;
}

Bucket* TumblingStore::find_bucket(const Window& window) {
    if (last_bucket_ != nullptr && last_bucket_->window == window) return last_bucket_;
    const auto at = buckets_.find(window.end);
    return at == buckets_.end() ? nullptr : &at->second;
}

Bucket& TumblingStore::open_bucket(const Window& window, Offset offset) {
    const auto [at, opened] = buckets_.try_emplace(window.end, window, ++last_serial_, offset,
                                                   content_.words());
    WEIR_ASSERT(opened, "a window was opened twice");
    openings_.add(offset, watermark);
    bucket_bytes_ += at->second.memory_bytes();
    wake_by(window.end > watermark ? window.end : forgotten_at(window.end));
    return at->second;
}

std::uint32_t TumblingStore::open_row(Bucket& bucket, KeyTable::Id id, Offset offset) {
    bucket_bytes_ -= bucket.memory_bytes();
    const std::uint32_t index = bucket.insert(id);
    bucket_bytes_ += bucket.memory_bytes();
    RowState& row = bucket.row(index);
    row.first_offset = offset;
    content_.reset(row.state());
    ++keys_[id].uses;
    ++open_windows;
    return index;
}

void TumblingStore::erase(Buckets::iterator at) {
    Bucket& bucket = at->second;
    const bool owns_memory = content_.owns_memory();
    for (std::uint32_t i = 0; i < bucket.size(); ++i) {
        keys_.release(bucket.row(i).key);
        if (owns_memory) content_.release(bucket.row(i).state());
    }
    openings_.remove(bucket.opened_by);
    if (last_bucket_ == &bucket) last_bucket_ = nullptr;
    open_windows -= bucket.size();
    bucket_bytes_ -= bucket.memory_bytes();
    buckets_.erase(at);
}

bool TumblingStore::open_group() {
    revising_ = !revised_.empty() && revision_due(*revised_.begin());
    if (revising_) {
        group_ = buckets_.find(*revised_.begin());
        return true;
    }
    group_ = buckets_.upper_bound(closed_to_);
    return group_ != buckets_.end() && group_->first <= watermark;
}

const Store::Shown* TumblingStore::peek() {
    Bucket& bucket = group_->second;
    while (revising_ && bucket.next_row < bucket.size() && !bucket.row(bucket.next_row).changed)
        ++bucket.next_row;
    if (bucket.next_row == bucket.size()) return nullptr;
    RowState& row = bucket.row(bucket.next_row);
    shown_ = {bucket.window,    row.key,         row.records, row.first_offset,
              row.last_offset,  row.shown_times, row.state(), content_.beyond(row.state())};
    return &shown_;
}

void TumblingStore::pop() {
    Bucket& bucket = group_->second;
    RowState& row = bucket.row(bucket.next_row++);
    ++row.shown_times;
    row.changed = false;
}

void TumblingStore::close_group() {
    Bucket& bucket = group_->second;
    bucket.next_row = 0;
    bucket.changed = false;
    if (revising_) {
        revised_.erase(group_->first);
        if (revised_.empty()) no_revisions();
        return;
    }
    closed_to_ = group_->first;
    if (!keeps_closed()) erase(group_);
}

void TumblingStore::forget() {
    closed_to_ = watermark;
    while (!buckets_.empty() && forgotten(buckets_.begin()->first))
        erase(buckets_.begin());
}

EventTime TumblingStore::next_wake() {
    if (!keeps_closed() || buckets_.empty()) return next_end();
    return std::min(next_end(), forgotten_at(buckets_.begin()->first));
}

EventTime TumblingStore::next_end() {
    const auto next = buckets_.upper_bound(closed_to_);
    return next == buckets_.end() ? never : next->first;
}

EventTime TumblingStore::greatest_end(EventTime until) {
    const auto beyond = buckets_.upper_bound(until);
    return beyond == buckets_.begin() ? no_watermark : std::prev(beyond)->first;
}

std::size_t TumblingStore::visit_changed(std::size_t rows_max, const RowVisitor& visit) {
    std::size_t shown = 0;
    for (auto at = buckets_.upper_bound(watermark); at != buckets_.end(); ++at) {
        Bucket& bucket = at->second;
        for (std::uint32_t i = 0; bucket.changed && i < bucket.size(); ++i) {
            RowState& row = bucket.row(i);
            if (!row.changed) continue;
            if (shown == rows_max) return shown;
            row.changed = false;
            show({bucket.window, row.key, row.records, row.first_offset, row.last_offset, 0,
                  row.state(), content_.beyond(row.state())},
                 Finality::partial, visit);
            ++shown;
        }
        bucket.changed = false;
    }
    return shown;
}

std::size_t TumblingStore::memory_bytes() const {
    std::size_t owned = 0;
    if (content_.owns_memory())
        for (const auto& [end, bucket] : buckets_)
            for (std::uint32_t i = 0; i < bucket.size(); ++i)
                owned += content_.owned_bytes(bucket.row(i).state());
    return bucket_bytes_ + keys_.memory_bytes() + owned;
}

}  // namespace weir::window
