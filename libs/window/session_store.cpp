// SPDX-License-Identifier: Apache-2.0
#include "window/session_store.hpp"

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"

namespace weir::window {

SessionStore::~SessionStore() {
    if (!content_.owns_memory()) return;
    for (KeyState& key : states_)
        for (std::size_t i = 0; i < key.sessions.size(); ++i)
            content_.release(key.sessions.state(i));
}

void SessionStore::take(const Record& record, bool may_refuse, Verdict& verdict) {
    verdict.window = {record.time, record.time + options_.size};
    const bool may_open = verdict.window.end > watermark;
    const KeyTable::Found found = keys_.find(record.key);
    if (found.known) {
        Sessions& sessions = states_[found.id].sessions;
        std::size_t index = find_open(sessions, record.time, 0);
        if (index < sessions.size())
            index = join(sessions, record.time, index);
        else
            index = find_kept(sessions, record.time);
        if (index < sessions.size()) return fold(found.id, index, record, verdict);
    }
    if (!may_open) {
        verdict.fate = Fate::late;
        verdict.late_by = watermark - verdict.window.end;
        return;
    }
    if (full() && may_refuse && !makes_room(record.time)) {
        verdict.fate = Fate::full;
        return;
    }
    const KeyTable::Id id = found.known ? found.id : keys_.insert(record.key, found.hash);
    fold(id, open_session(id, record), record, verdict);
}

/// The first open session, from `from` on, that a record at `time` belongs to, or size().
std::size_t SessionStore::find_open(const Sessions& sessions, EventTime time,
                                    std::size_t from) const {
    std::size_t i = from;
    for (; i < sessions.size(); ++i) {
        const Session& session = sessions.head(i);
        if (session.start >= time + options_.size) return sessions.size();
        if (open(session) && time < end_of(session)) break;
    }
    return i;
}

/// The closed session that holds `time` between its records, or size(). Of several, the one that
/// ends last: it is the last to be forgotten, so that what it is made of never depends on the
/// others.
std::size_t SessionStore::find_kept(const Sessions& sessions, EventTime time) const {
    std::size_t found = sessions.size();
    for (std::size_t i = 0; i < sessions.size() && sessions.head(i).start <= time; ++i) {
        const Session& session = sessions.head(i);
        if (open(session) || time > session.last) continue;
        if (found == sessions.size() || session.last > sessions.head(found).last) found = i;
    }
    return found;
}

/// Makes one of all open sessions that a record at `time` belongs to, the first being the one at
/// `index`. Returns where it is.
std::size_t SessionStore::join(Sessions& sessions, EventTime time, std::size_t index) {
    for (;;) {
        const std::size_t other = find_open(sessions, time, index + 1);
        if (other == sessions.size()) break;
        Session& session = sessions.head(index);
        const Session& later = sessions.head(other);
        session.last = std::max(session.last, later.last);
        session.records += later.records;
        openings_.remove(std::max(session.first_offset, later.first_offset));
        session.first_offset = std::min(session.first_offset, later.first_offset);
        session.last_offset = std::max(session.last_offset, later.last_offset);
        content_.join(sessions.state(index), sessions.state(other));
        sessions.erase(other);
        --open_windows;
    }
    return index;
}

std::size_t SessionStore::open_session(KeyTable::Id id, const Record& record) {
    KeyState& key = state_of(id);
    if (key.sessions.empty()) ++keys_[id].uses;
    const std::size_t index = key.sessions.lower_bound(record.time);
    key.sessions.insert(index, {.start = record.time,
                                .last = record.time,
                                .first_offset = record.offset,
                                .last_offset = record.offset});
    content_.reset(key.sessions.state(index));
    openings_.add(record.offset, watermark);
    ++open_windows;
    const EventTime end = record.time + options_.size;
    if (end < key.waits_for) wait_for(id, end);
    return index;
}

/// A repeated record makes a session as long as another one would, so that where sessions lie never
/// depends on ids: a replay that has not seen a forgotten session's first records takes for new
/// what was repeated. Its offset counts for the session's, which follows from the records up to
/// there; of a closed one it changes nothing.
void SessionStore::fold(KeyTable::Id id, std::size_t index, const Record& record,
                        Verdict& verdict) {
    KeyState& key = states_[id];
    Session& session = key.sessions.head(index);
    if (content_.admit(key.sessions.state(index), record.id)) {
        options_.aggregates.fold(key.sessions.state(index), record.inputs,
                                 {record.time, record.offset});
        ++session.records;
    } else {
        verdict.fate = Fate::repeated;
        if (!open(session)) {
            verdict.window = {session.start, end_of(session)};
            return;
        }
    }
    session.last_offset = record.offset;
    session.start = std::min(session.start, record.time);
    session.last = std::max(session.last, record.time);
    verdict.window = {session.start, end_of(session)};
    if (!open(session)) {
        session.revised = true;
        revised_.insert({end_of(session), id});
        expect_revision(end_of(session));
    } else if (!key.changed) {
        key.changed = true;
        changed_.push_back(id);
    }
    // A closed session may lie between.
    while (index > 0 && key.sessions.head(index - 1).start > key.sessions.head(index).start)
        key.sessions.swap_with_previous(index--);
}

SessionStore::KeyState& SessionStore::state_of(KeyTable::Id id) {
    while (states_.size() <= id)
        states_.emplace_back(content_.words());
    return states_[id];
}

void SessionStore::wait_for(KeyTable::Id id, EventTime end) {
    states_[id].waits_for = end;
    if (end == never) return;
    waiting_[end].push_back(id);
    wake_by(end);
}

EventTime SessionStore::earliest_end(const Sessions& sessions) const {
    EventTime earliest = never;
    for (std::size_t i = 0; i < sessions.size(); ++i)
        if (open(sessions.head(i))) earliest = std::min(earliest, end_of(sessions.head(i)));
    return earliest;
}

/// The session with that end. A key's sessions have different ends: open ones lie apart, and one
/// that is opened when others are closed ends later than they do.
std::size_t SessionStore::find_ending(const Sessions& sessions, EventTime end) const {
    std::size_t i = 0;
    while (i < sessions.size() && end_of(sessions.head(i)) != end)
        ++i;
    WEIR_ASSERT(i < sessions.size(), "a session was lost");
    return i;
}

/// Looks at the keys that wait for the least end, and leaves those there that end then.
EventTime SessionStore::next_end() {
    while (!waiting_.empty()) {
        const auto first = waiting_.begin();
        const EventTime end = first->first;
        std::vector<KeyTable::Id> ids = std::move(first->second);
        waiting_.erase(first);
        std::vector<KeyTable::Id> ending;
        for (const KeyTable::Id id : ids) {
            if (states_[id].waits_for != end) continue;
            const EventTime now = earliest_end(states_[id].sessions);
            if (now == end && std::find(ending.rbegin(), ending.rend(), id) == ending.rend())
                ending.push_back(id);
            else if (now != end)
                wait_for(id, now);
        }
        if (ending.empty()) continue;
        waiting_.emplace(end, std::move(ending));
        return end;
    }
    return never;
}

bool SessionStore::open_group() {
    rows_.clear();
    next_row_ = 0;
    revising_ = !revised_.empty() && revision_due(revised_.begin()->first);
    if (revising_) {
        group_end_ = revised_.begin()->first;
        for (auto at = revised_.begin(); at != revised_.end() && at->first == group_end_; ++at)
            rows_.push_back({at->second, find_ending(states_[at->second].sessions, group_end_)});
    } else {
        if (waiting_.empty() || waiting_.begin()->first > watermark) return false;
        group_end_ = next_end();
        if (group_end_ > watermark) return false;
        for (const KeyTable::Id id : waiting_.at(group_end_))
            rows_.push_back({id, find_ending(states_[id].sessions, group_end_)});
    }
    const auto first_offset = [this](const Place& place) {
        return states_[place.key].sessions.head(place.index).first_offset;
    };
    std::sort(rows_.begin(), rows_.end(),
              [&](const Place& a, const Place& b) { return first_offset(a) < first_offset(b); });
    return true;
}

const Store::Shown* SessionStore::peek() {
    if (next_row_ == rows_.size()) return nullptr;
    const auto& [key, index] = rows_[next_row_];
    const Session& session = states_[key].sessions.head(index);
    shown_ = {.window = {session.start, end_of(session)},
              .key = key,
              .records = session.records,
              .first_offset = session.first_offset,
              .last_offset = session.last_offset,
              .revision = session.shown_times,
              .state = states_[key].sessions.state(index),
              .beyond = content_.beyond(states_[key].sessions.state(index))};
    return &shown_;
}

void SessionStore::pop() {
    const auto& [key, index] = rows_[next_row_++];
    Session& session = states_[key].sessions.head(index);
    ++session.shown_times;
    session.revised = false;
}

void SessionStore::close_group() {
    if (revising_) {
        for (const Place& place : rows_)
            revised_.erase({group_end_, place.key});
        if (revised_.empty()) no_revisions();
        return;
    }
    waiting_.erase(group_end_);
    for (const auto& [key, index] : rows_) {
        if (keeps_closed())
            kept_.insert({group_end_, key});
        else
            erase(key, index);
        wait_for(key, earliest_end(states_[key].sessions));
    }
}

void SessionStore::forget() {
    for (; !kept_.empty() && forgotten(kept_.begin()->first); kept_.erase(kept_.begin())) {
        const auto& [end, key] = *kept_.begin();
        erase(key, find_ending(states_[key].sessions, end));
    }
}

void SessionStore::erase(KeyTable::Id id, std::size_t index) {
    Sessions& sessions = states_[id].sessions;
    openings_.remove(sessions.head(index).first_offset);
    content_.release(sessions.state(index));
    if (index == 0)
        sessions.erase_front(1);
    else
        sessions.erase(index);
    --open_windows;
    if (sessions.empty()) keys_.release(id);
}

EventTime SessionStore::next_wake() {
    EventTime wake = waiting_.empty() ? never : waiting_.begin()->first;
    if (!kept_.empty()) wake = std::min(wake, forgotten_at(kept_.begin()->first));
    return wake;
}

EventTime SessionStore::greatest_end(EventTime until) {
    EventTime greatest = no_watermark;
    for (const KeyState& key : states_)
        for (std::size_t i = 0; i < key.sessions.size(); ++i) {
            const Session& session = key.sessions.head(i);
            if (open(session) && end_of(session) <= until)
                greatest = std::max(greatest, end_of(session));
        }
    return greatest;
}

std::size_t SessionStore::visit_changed(std::size_t rows_max, const RowVisitor& visit) {
    std::size_t shown = 0;
    std::size_t i = 0;
    for (; i < changed_.size() && shown < rows_max; ++i) {
        KeyState& key = states_[changed_[i]];
        key.changed = false;
        const Sessions& sessions = key.sessions;
        if (sessions.empty() || !open(sessions.head(sessions.size() - 1))) continue;
        const Session& session = sessions.head(sessions.size() - 1);
        const std::uint64_t* const state = sessions.state(sessions.size() - 1);
        show({.window = {session.start, end_of(session)},
              .key = changed_[i],
              .records = session.records,
              .first_offset = session.first_offset,
              .last_offset = session.last_offset,
              .state = state,
              .beyond = content_.beyond(state)},
             Finality::partial, visit);
        ++shown;
    }
    changed_.erase(changed_.begin(), changed_.begin() + static_cast<std::ptrdiff_t>(i));
    return shown;
}

std::size_t SessionStore::memory_bytes() const {
    std::size_t bytes = keys_.memory_bytes() + states_.size() * sizeof(KeyState) +
                        open_windows * (sizeof(Offset) + sizeof(EventTime) + 48);
    for (const KeyState& key : states_) {
        bytes += key.sessions.memory_bytes();
        if (!content_.owns_memory()) continue;
        for (std::size_t i = 0; i < key.sessions.size(); ++i)
            bytes += content_.owned_bytes(key.sessions.state(i));
    }
    return bytes;
}

}  // namespace weir::window
