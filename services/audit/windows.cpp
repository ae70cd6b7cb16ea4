// SPDX-License-Identifier: Apache-2.0
#include "windows.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "values.hpp"

namespace weir::audit {

using namespace std::chrono_literals;
using window::Kind;

namespace {

/// The resolution of sliding windows.
constexpr std::chrono::microseconds tick = 1ms;

EventTime cut(EventTime time) { return std::chrono::floor<std::chrono::milliseconds>(time); }

bool by_offset(const std::shared_ptr<const Reading>& a, const std::shared_ptr<const Reading>& b) {
    return a->offset < b->offset;
}

}  // namespace

Windows::Windows(const aggregation::Rules& rules, Watermark& watermark, const WrittenRows& rows,
                 RecordKey record_key, Sink sink)
    : rules_(rules),
      watermark_(watermark),
      rows_(rows),
      record_key_(std::move(record_key)),
      sink_(std::move(sink)),
      size_(rules.size()),
      step_(rules.kind() == Kind::hopping ? *rules.every : rules.size()),
      slice_(rules.kind() == Kind::sliding ? tick
                                           : std::chrono::microseconds{std::gcd(
                                                 size_.count(), step_.count())}),
      ids_max_(rules.ids_max()),
      keeps_closed_(rules.accept_late > 0ms) {}

Windows::Fate Windows::take(std::string_view key, Shared reading) {
    auto found = keys_.find(key);
    if (found == keys_.end()) {
        found = keys_.try_emplace(std::string(key)).first;
        found->second.text = key;
        found->second.record_key = record_key_(key);
    }
    ++taken_since_sweep_;
    switch (rules_.kind()) {
        case Kind::sliding: return take_sliding(found->second, reading);
        case Kind::session: return take_session(found->second, reading);
        case Kind::tumbling:
        case Kind::hopping: break;
    }
    return take_fixed(found->second, reading);
}

Span Windows::deciding_window(EventTime time) const {
    switch (rules_.kind()) {
        case Kind::sliding: return {std::max(EventTime{}, cut(time) - size_), cut(time) + tick};
        case Kind::session: return {time, time + size_};
        case Kind::tumbling:
        case Kind::hopping: break;
    }
    const EventTime start = time - time.time_since_epoch() % step_;
    return {start, start + size_};
}

EventTime Windows::late_from(EventTime time) const {
    const EventTime end = deciding_window(time).end;
    return rules_.kind() == Kind::session ? end : end + rules_.accept_late;
}

bool Windows::repeated_in(Ids& ids, const Reading& reading) {
    if (ids_max_ == 0) return false;
    if (ids.repeats(reading.id, ids_max_)) return true;
    ids_ -= ids.size();
    ids.add(reading.id, ids_max_);
    ids_ += ids.size();
    return false;
}

bool Windows::repeated_in_slice(Key& key, const Reading& reading) {
    if (ids_max_ == 0) return false;
    const EventTime slice = reading.time - reading.time.time_since_epoch() % slice_;
    return repeated_in(key.ids[slice], reading);
}

/// A slice whose readings are late from now on.
void Windows::forget_ids(Key& key) {
    std::erase_if(key.ids, [&](const auto& slice) {
        if (!surely_forgotten(slice.first + size_ + slice_)) return false;
        ids_ -= slice.second.size();
        return true;
    });
}

Windows::Fate Windows::take_fixed(Key& key, const Shared& reading) {
    Span window = deciding_window(reading->time);
    if (surely_forgotten(window.end)) return Fate::late;
    if (repeated_in_slice(key, *reading)) return Fate::repeated;
    add(key, window_at(key, window), reading);
    // The others are earlier; one that was forgotten when the reading came is without it.
    while (window.start - step_ >= EventTime{} && window.end - step_ > reading->time) {
        window = {window.start - step_, window.end - step_};
        if (surely_forgotten(window.end)) break;
        if (!forgotten(key, window, reading->offset)) add(key, window_at(key, window), reading);
    }
    return Fate::used;
}

Windows::Fate Windows::take_sliding(Key& key, const Shared& reading) {
    const Span own = deciding_window(reading->time);
    if (surely_forgotten(own.end)) return Fate::late;
    if (repeated_in_slice(key, *reading)) return Fate::repeated;
    std::erase_if(key.used, [&](const Shared& other) {
        return surely_forgotten(other->time + 2 * size_ + 4 * tick);
    });
    key.used.push_back(reading);
    const EventTime time = cut(reading->time);
    for (auto at = key.held.upper_bound(time); at != key.held.end(); ++at) {
        Held& held = at->second;
        if (held.window.start > time) break;
        if (!forgotten(key, held.window, reading->offset)) add(key, held, reading);
    }
    const auto after = [&](EventTime definer) {
        return Span{definer + tick, definer + size_ + 2 * tick};
    };
    define(key, own);
    define(key, after(time));
    for (const Shared& other : key.used) {
        const Span window = after(cut(other->time));
        if (window.start <= time && time < window.end) define(key, window);
    }
    return Fate::used;
}

/// Makes a window of the readings in it, if there are any and it is not there yet. The one that
/// defines it need not be among them.
void Windows::define(Key& key, const Span& window) {
    if (key.held.contains(window.end) || surely_forgotten(window.end)) return;
    Readings within;
    for (const Shared& reading : key.used)
        if (window.start <= reading->time && reading->time < window.end) within.push_back(reading);
    if (within.empty() || forgotten(key, window, within.back()->offset)) return;
    slots_ += within.size();
    open(key, window).readings = std::move(within);
}

/// Where sessions lie is asked first: a repeated reading makes one as long as another would.
Windows::Fate Windows::take_session(Key& key, const Shared& reading) {
    const EventTime time = reading->time;
    for (auto at = key.held.begin(); at != key.held.end();) {
        settle(key, at->second);
        const bool gone = at->second.closed && (!keeps_closed_ || surely_forgotten(at->first));
        at = gone ? erase(key, at) : std::next(at);
    }
    Held joined{.window = {time, time + size_}, .readings = {}, .repeated = {}, .ids = {}};
    for (auto at = key.held.begin(); at != key.held.end();) {
        Held& other = at->second;
        if (other.closed || other.window.start >= time + size_ || other.window.end <= time) {
            ++at;
            continue;
        }
        joined.window = {std::min(joined.window.start, other.window.start),
                         std::max(joined.window.end, other.window.end)};
        joined.readings.insert(joined.readings.end(), other.readings.begin(), other.readings.end());
        joined.repeated.insert(joined.repeated.end(), other.repeated.begin(), other.repeated.end());
        joined.ids.add(other.ids, ids_max_);
        at = erase(key, at);
    }
    if (joined.readings.empty()) {
        if (const auto kept = kept_session(key, *reading); kept != key.held.end()) {
            if (repeated_in(kept->second.ids, *reading)) return Fate::repeated;
            add(key, kept->second, reading);
            return Fate::used;
        }
        if (joined.window.end <= watermark_.least()) return Fate::late;
    }
    std::sort(joined.readings.begin(), joined.readings.end(), by_offset);
    std::sort(joined.repeated.begin(), joined.repeated.end(), by_offset);
    Held& held = key.held.emplace(joined.window.end, Held{})->second;
    ++held_;
    held.window = joined.window;
    next_due_ = std::min(next_due_, held.window.end);
    held.readings = std::move(joined.readings);
    held.repeated = std::move(joined.repeated);
    held.ids = std::move(joined.ids);
    ids_ += held.ids.size();
    const Fate fate = repeated_in(held.ids, *reading) ? Fate::repeated : Fate::used;
    (fate == Fate::used ? held.readings : held.repeated).push_back(reading);
    slots_ += held.readings.size() + held.repeated.size();
    return fate;
}

/// The closed session that holds the reading between its first and its last: of several the one
/// that ends last. Whether it was still kept no row tells of a repeated reading; but that was not
/// late.
Windows::HeldWindows::iterator Windows::kept_session(Key& key, const Reading& reading) {
    for (auto at = key.held.end(); at != key.held.begin();) {
        --at;
        const Held& held = at->second;
        if (!held.closed || held.window.start > reading.time ||
            reading.time > held.window.end - size_)
            continue;
        const bool repeated = ids_max_ > 0 && held.ids.repeats(reading.id, ids_max_) &&
                              !surely_forgotten(held.window.end);
        if (repeated || !forgotten(key, held.window, reading.offset)) return at;
    }
    return key.held.end();
}

Windows::Held& Windows::window_at(Key& key, const Span& window) {
    const auto found = key.held.find(window.end);
    return found == key.held.end() ? open(key, window) : found->second;
}

/// A window without a result. It may have closed before it had a reading.
Windows::Held& Windows::open(Key& key, const Span& window) {
    Held& held = key.held.emplace(window.end, Held{})->second;
    ++held_;
    held.window = window;
    next_due_ = std::min(next_due_, window.end);
    if (!keeps_closed_ || window.end > watermark_.most()) return held;
    held.closed = held.waits = true;
    const bool surely_closed = window.end <= watermark_.least();
    held.revise_from = surely_closed ? next_step(watermark_.least()) : window.end;
    held.revise_by = std::max(window.end, next_step(watermark_.most()));
    // A first result that the clock let out says that its window ended, and not by which step.
    const auto found = rows_.find(key.record_key, window, 0);
    if (!found.empty() && found.front().watermark == cut(window.end))
        watermark_.witness({found.front().source.last, held.revise_by});
    return held;
}

void Windows::add(Key& key, Held& held, const Shared& reading) {
    // Without --accept-late a window that takes a reading has not closed.
    if (keeps_closed_ && !held.readings.empty() && held.readings.back()->offset < reading->offset)
        settle(key, held);
    held.readings.push_back(reading);
    ++slots_;
    if (!held.closed || held.waits) return;
    held.waits = true;
    held.revise_from = next_step(watermark_.least());
    held.revise_by = next_step(watermark_.most());
    next_due_ = std::min(next_due_, held.revise_by);
}

/// Shows what has come out of a window by now, with the readings it has.
void Windows::settle(const Key& key, Held& held) {
    const EventTime end = held.window.end;
    const auto has_come = [&](EventTime from, EventTime by) {
        if (by <= watermark_.least()) return true;
        return from <= watermark_.most() && was_shown(key, held);
    };
    if (!held.closed && has_come(end, end)) {
        show(key, held, end, end);
        held.closed = true;
    }
    if (!held.waits) return;
    const EventTime forgotten_at = end + rules_.accept_late;
    const EventTime from = std::min(held.revise_from, forgotten_at);
    const EventTime by = std::min(held.revise_by, forgotten_at);
    if (!has_come(from, by)) return;
    show(key, held, from, by);
    held.waits = false;
}

void Windows::show(const Key& key, Held& held, EventTime from, EventTime by, bool is_open) {
    sink_({.key = key.text,
           .record_key = key.record_key,
           .window = held.window,
           .revision = held.shown,
           .readings = held.readings,
           .repeated = held.repeated,
           .due_from = from,
           .due_by = by,
           .open = is_open});
    ++held.shown;
}

bool Windows::sweep() {
    if (watermark_.least() < next_due_) return true;
    if (taken_since_sweep_ < held_ / 4) return false;
    taken_since_sweep_ = 0;
    next_due_ = EventTime::max();
    for (auto key = keys_.begin(); key != keys_.end();) {
        Key& own = key->second;
        for (auto at = own.held.begin(); at != own.held.end();) {
            Held& held = at->second;
            settle(own, held);
            if (surely_forgotten(at->first)) {
                at = erase(own, at);
                continue;
            }
            const EventTime due = held.waits    ? held.revise_by
                                  : held.closed ? EventTime::max()
                                                : at->first;
            next_due_ = std::min({next_due_, due, at->first + rules_.accept_late});
            ++at;
        }
        std::erase_if(own.used, [&](const Shared& reading) {
            return surely_forgotten(reading->time + 2 * size_ + 4 * tick);
        });
        forget_ids(own);
        const bool empty = own.held.empty() && own.used.empty() && own.ids.empty();
        key = empty ? keys_.erase(key) : std::next(key);
    }
    return true;
}

void Windows::finish(bool all_close) {
    for (auto& [text, key] : keys_) {
        for (auto& [end, held] : key.held) {
            settle(key, held);
            if (!held.closed || held.waits)
                show(key, held, held.waits ? held.revise_from : end, EventTime::max(), !all_close);
        }
    }
    keys_.clear();
    slots_ = held_ = ids_ = 0;
}

Windows::HeldWindows::iterator Windows::erase(Key& key, HeldWindows::iterator at) {
    slots_ -= at->second.readings.size() + at->second.repeated.size();
    ids_ -= at->second.ids.size();
    --held_;
    return key.held.erase(at);
}

/// Whether the window had been forgotten when the reading came. Where that cannot be told, it had
/// not if a row of it goes up to the reading.
bool Windows::forgotten(const Key& key, const Span& window, Offset offset) const {
    if (surely_forgotten(window.end)) return true;
    if (window.end + rules_.accept_late > watermark_.most()) return false;
    return !rows_.reaches(key.record_key, window, offset);
}

bool Windows::was_shown(const Key& key, const Held& held) const {
    return rows_.came_out(key.record_key, held.window, held.shown,
                          last_of(held.readings, held.repeated), watermark_.most());
}

EventTime Windows::next_step(EventTime watermark) const {
    const EventTime from = std::max(watermark, EventTime{});
    return from - from.time_since_epoch() % step_ + step_;
}

}  // namespace weir::audit
