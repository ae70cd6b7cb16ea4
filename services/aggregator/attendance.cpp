// SPDX-License-Identifier: Apache-2.0
#include "attendance.hpp"

#include "base/assert.hpp"

namespace weir::aggregator {

void Attendance::restore(const StatusRecord& last) {
    const bool missing = last.status == Status::missing;
    const auto [at, fresh] =
        keys_.try_emplace(std::string(last.key), Entry{last.last, last.last_offset, missing});
    WEIR_ASSERT(fresh, "a key has one last record");
    if (missing)
        ++missing_;
    else
        silent_.emplace(last.last, &*at);
}

/// A missing key stays missing and an unknown one unknown: had the reading been on time, the
/// status topic would say so. A greatest time does not mind being taken twice.
void Attendance::replay(std::string_view key, EventTime time, Offset offset) {
    const auto at = keys_.find(key);
    if (at != keys_.end() && !at->second.missing) rise(*at, time, offset);
}

Attendance::Heard Attendance::hear(std::string_view key, EventTime time, Offset offset,
                                   EventTime wall) {
    const auto at = keys_.find(key);
    if (at != keys_.end() && !at->second.missing) {
        rise(*at, time, offset);
        return {};
    }
    if (wall >= time + expect_every_) return {};
    if (at == keys_.end()) {
        if (keys_.size() >= keys_max_) return {.said = {}, .unwatched = true};
        Known& known = *keys_.emplace(key, Entry{time, offset}).first;
        silent_.emplace(time, &known);
        return {.said = StatusRecord{.key = known.first, .last = time, .last_offset = offset}};
    }
    Entry& entry = at->second;
    if (time <= entry.last) return {};  // two owners' clocks differ: this one is known already
    const window::Duration away = time - entry.last;
    entry.last = time;
    entry.offset = offset;
    entry.missing = false;
    --missing_;
    silent_.emplace(time, &*at);
    return {.said = StatusRecord{.status = Status::back,
                                 .key = at->first,
                                 .last = time,
                                 .last_offset = offset,
                                 .away = away}};
}

void Attendance::rise(Known& known, EventTime time, Offset offset) {
    Entry& entry = known.second;
    if (time <= entry.last) return;
    entry.last = time;
    entry.offset = offset;
    entry.noted = false;
    if (std::exchange(entry.queued, true)) return;
    unnoted_.emplace(offset, &known);
}

bool Attendance::overdue(EventTime wall) {
    while (!silent_.empty()) {
        const auto [time, known] = silent_.top();
        if (time + expect_every_ > wall) return false;
        if (known->second.last == time) return true;
        silent_.pop();
        silent_.emplace(known->second.last, known);
    }
    return false;
}

StatusRecord Attendance::declare_missing() {
    Known& known = *silent_.top().second;
    silent_.pop();
    Entry& entry = known.second;
    entry.missing = true;
    entry.noted = true;
    ++missing_;
    return {.status = Status::missing,
            .key = known.first,
            .last = entry.last,
            .last_offset = entry.offset,
            .since = entry.last + expect_every_};
}

Attendance::Known* Attendance::next_note(Offset replay_from) {
    while (!unnoted_.empty() && unnoted_.top().first < replay_from) {
        Known& known = *unnoted_.top().second;
        Entry& entry = known.second;
        unnoted_.pop();
        if (!entry.noted && entry.offset >= replay_from) {
            unnoted_.emplace(entry.offset, &known);
            continue;
        }
        entry.queued = false;
        if (!std::exchange(entry.noted, true)) return &known;
    }
    return nullptr;
}

}  // namespace weir::aggregator
