// SPDX-License-Identifier: Apache-2.0
#include "oracle.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

namespace weir::window::test {
namespace {

constexpr Duration millisecond = std::chrono::milliseconds{1};

bool holds(const Window& window, EventTime time) {
    return window.start <= time && time < window.end;
}

EventTime whole_milliseconds(EventTime time) {
    return std::chrono::floor<std::chrono::milliseconds>(time);
}

ExpectedValue number(double value, bool exact = true) {
    return {ExpectedValue::Kind::number, value, {}, exact};
}

const ExpectedValue beyond_value{.kind = ExpectedValue::Kind::beyond};

std::optional<double> sample_variance(const std::vector<double>& values) {
    if (values.size() < 2) return std::nullopt;
    long double mean = 0;
    for (const double value : values)
        mean += value;
    mean /= static_cast<long double>(values.size());
    long double squares = 0;
    for (const double value : values)
        squares += (value - mean) * (value - mean);
    return static_cast<double>(squares / static_cast<long double>(values.size() - 1));
}

ExpectedValue percentile(std::vector<double> values, double percent) {
    if (values.size() > 25) return {ExpectedValue::Kind::beyond};
    std::sort(values.begin(), values.end());
    const double place = percent / 100 * static_cast<double>(values.size() - 1);
    const double low = values[static_cast<std::size_t>(std::floor(place))];
    const double high = values[static_cast<std::size_t>(std::ceil(place))];
    return number(low + (high - low) * (place - std::floor(place)), false);
}

std::vector<ExpectedValue> values_of(const std::vector<const Event*>& records) {
    std::vector<double> numbers;
    std::vector<double> integers;
    std::set<std::string> texts;
    std::set<double> different;
    const Event* newest = nullptr;
    const Event* oldest = nullptr;
    std::size_t text_count = 0;
    const auto at = [](const Event* event) { return std::pair(event->time, event->offset); };
    double sum = 0;
    double total = 0;
    for (const Event* record : records) {
        if (record->value) {
            numbers.push_back(static_cast<float>(*record->value));
            integers.push_back(static_cast<double>(integer_of(*record)));
            sum += numbers.back();
            total += integers.back();
            different.insert(integers.back());
            if (newest == nullptr || at(record) > at(newest)) newest = record;
        }
        if (record->text.empty()) continue;
        ++text_count;
        texts.insert(record->text);
        if (oldest == nullptr || at(record) < at(oldest)) oldest = record;
    }
    std::vector<ExpectedValue> values(13);
    values[1] = number(static_cast<double>(records.size()));
    values[10] = number(static_cast<double>(texts.size()));
    if (texts.size() > 6) values[10] = {ExpectedValue::Kind::beyond};
    values[11] = number(static_cast<double>(different.size()));
    if (different.size() > 6) values[11] = {ExpectedValue::Kind::beyond};
    values[12] = number(static_cast<double>(text_count));
    if (oldest != nullptr) values[9] = {ExpectedValue::Kind::text, 0, oldest->text};
    if (numbers.empty()) return values;
    values[0] = number(sum / static_cast<double>(numbers.size()));
    values[2] = number(*std::min_element(numbers.begin(), numbers.end()));
    if (const auto variance = sample_variance(numbers)) values[3] = number(*variance, false);
    values[4] = number(total);
    values[5] = number(*std::max_element(integers.begin(), integers.end()));
    values[6] = percentile(numbers, 50);
    values[7] = percentile(integers, 90);
    values[8] = number(static_cast<float>(*newest->value));
    return values;
}

}  // namespace

Fate Oracle::take(const Event& event) {
    rows_.clear();
    Fate fate = Fate::used;
    switch (options_.kind) {
        case Kind::tumbling:
        case Kind::hopping: fate = take_into_fixed(event); break;
        case Kind::sliding: fate = take_into_sliding(event); break;
        case Kind::session: fate = take_into_session(event); break;
    }
    move(std::max(watermark_, event.time - options_.grace));
    return fate;
}

/// Records in one are in the same windows.
Duration Oracle::slice() const {
    switch (options_.kind) {
        case Kind::hopping:
            return Duration{std::gcd(options_.size.count(), options_.every.count())};
        case Kind::sliding: return millisecond;
        case Kind::tumbling:
        case Kind::session: break;
    }
    return options_.size;
}

EventTime Oracle::place_of(const Event& event) const {
    return event.time - event.time.time_since_epoch() % slice();
}

bool Oracle::repeats(const Records& there, const Event& event) const {
    if (options_.ids_max == 0) return false;
    std::set<std::int64_t> ids;
    for (const Event* record : there)
        ids.insert(record->id);
    return ids.size() <= options_.ids_max && ids.contains(event.id);
}

bool Oracle::repeats_in_place(const Event& event) {
    Records& there = places_[{event.key, place_of(event)}];
    if (repeats(there, event)) return true;
    there.push_back(&event);
    return false;
}

bool Oracle::beyond_ids(const Records& records) const {
    if (options_.ids_max == 0) return false;
    std::map<EventTime, std::set<std::int64_t>> ids;
    for (const Event* record : records)
        ids[options_.kind == Kind::session ? EventTime{} : place_of(*record)].insert(record->id);
    return std::any_of(ids.begin(), ids.end(), [&](const auto& place) {
        return place.second.size() > options_.ids_max;
    });
}

Fate Oracle::take_into_fixed(const Event& event) {
    const Duration every = options_.kind == Kind::tumbling ? options_.size : options_.every;
    const EventTime last = event.time - event.time.time_since_epoch() % every;
    if (last + options_.size + options_.accept_late <= watermark_) return Fate::late;
    if (repeats_in_place(event)) return Fate::repeated;
    for (EventTime start = last;
         start >= EventTime{} && start + options_.size > event.time; start -= every) {
        const Window window{start, start + options_.size};
        if (window.end + options_.accept_late <= watermark_) continue;
        add(window, event);
    }
    return Fate::used;
}

Fate Oracle::take_into_sliding(const Event& event) {
    const EventTime time = whole_milliseconds(event.time);
    const Window own{std::max(EventTime{}, time - options_.size), time + millisecond};
    const Window after{time + millisecond, time + options_.size + 2 * millisecond};
    if (own.end + options_.accept_late <= watermark_) return Fate::late;
    if (repeats_in_place(event)) return Fate::repeated;
    auto& used = used_[event.key];
    used.push_back(&event);
    for (Held& held : held_)
        if (held.key == event.key && holds(held.window, event.time)) {
            held.records.push_back(&event);
            changed(held);
        }
    define(own, event.key);
    define(after, event.key);
    for (const Event* other : used) {
        const EventTime its = whole_milliseconds(other->time);
        const Window window{its + millisecond, its + options_.size + 2 * millisecond};
        if (holds(window, event.time)) define(window, event.key);
    }
    return Fate::used;
}

/// A sliding window that was not there, with all the records that are in it.
void Oracle::define(const Window& window, const std::string& key) {
    if (window.end + options_.accept_late <= watermark_) return;
    for (const Held& held : held_)
        if (held.key == key && held.window.end == window.end) return;
    Held held{.window = window, .key = key};
    for (const Event* event : used_[key])
        if (holds(window, event->time)) held.records.push_back(event);
    if (held.records.empty()) return;
    held.closed = window.end <= watermark_;
    changed(held);
    held_.push_back(std::move(held));
}

Fate Oracle::take_into_session(const Event& event) {
    const Window alone{event.time, event.time + options_.size};
    Held joined{.window = alone, .key = event.key};
    std::vector<Held> others;
    for (Held& held : held_) {
        const bool meets = !held.closed && held.key == event.key && held.window.start < alone.end &&
                           alone.start < held.window.end;
        if (!meets) {
            others.push_back(held);
            continue;
        }
        joined.window.start = std::min(joined.window.start, held.window.start);
        joined.window.end = std::max(joined.window.end, held.window.end);
        joined.records.insert(joined.records.end(), held.records.begin(), held.records.end());
        joined.last_repeated = std::max(joined.last_repeated, held.last_repeated);
    }
    if (joined.records.empty()) {
        Held* last = nullptr;
        for (Held& held : held_)
            if (held.closed && held.key == event.key && held.window.start <= event.time &&
                event.time <= held.window.end - options_.size &&
                (last == nullptr || held.window.end > last->window.end))
                last = &held;
        if (last != nullptr) {
            if (repeats(last->records, event)) return Fate::repeated;
            last->records.push_back(&event);
            changed(*last);
            return Fate::used;
        }
        if (alone.end <= watermark_) return Fate::late;
    }
    const bool repeated = repeats(joined.records, event);
    if (repeated)
        joined.last_repeated = event.offset;
    else
        joined.records.push_back(&event);
    others.push_back(std::move(joined));
    held_ = std::move(others);
    return repeated ? Fate::repeated : Fate::used;
}

void Oracle::add(const Window& window, const Event& event) {
    auto at = std::find_if(held_.begin(), held_.end(), [&](const Held& held) {
        return held.key == event.key && held.window == window;
    });
    if (at == held_.end()) {
        held_.push_back({.window = window, .key = event.key, .closed = window.end <= watermark_});
        at = held_.end() - 1;
    }
    at->records.push_back(&event);
    changed(*at);
}

void Oracle::changed(Held& held) {
    if (held.closed && !held.waits_since) held.waits_since = watermark_;
}

Duration Oracle::step() const {
    return options_.kind == Kind::hopping ? options_.every : options_.size;
}

EventTime Oracle::next_step(EventTime after) const {
    return EventTime{(after.time_since_epoch() / step() + 1) * step()};
}

void Oracle::quiet_close(EventTime until) {
    rows_.clear();
    EventTime to = watermark_;
    for (const Held& held : held_) {
        if (!held.closed && held.window.end <= until) to = std::max(to, held.window.end);
        if (held.waits_since && next_step(*held.waits_since) <= until)
            to = std::max(to, next_step(*held.waits_since));
    }
    move(to);
    for (ExpectedRow& row : rows_)
        if (row.revision == 0) row.watermark = row.window.end;
}

void Oracle::move(EventTime to) {
    watermark_ = to;
    for (Held& held : held_) {
        const bool forgotten = held.window.end + options_.accept_late <= watermark_;
        const bool closes = !held.closed && held.window.end <= watermark_;
        const bool revised =
            held.waits_since && (next_step(*held.waits_since) <= watermark_ || forgotten);
        if (!closes && !revised) continue;
        rows_.push_back(row_of(held));
        held.closed = true;
        held.waits_since.reset();
        ++held.shown;
    }
    std::erase_if(held_, [&](const Held& held) {
        return held.window.end + options_.accept_late <= watermark_;
    });
    std::sort(rows_.begin(), rows_.end(), [](const ExpectedRow& a, const ExpectedRow& b) {
        return std::tie(a.window.end, a.first_offset) < std::tie(b.window.end, b.first_offset);
    });
}

ExpectedRow Oracle::row_of(const Held& held) const {
    auto records = held.records;
    const auto by_offset = [](const Event* a, const Event* b) { return a->offset < b->offset; };
    std::sort(records.begin(), records.end(), by_offset);
    auto values = values_of(records);
    if (options_.kind == Kind::hopping && values[0].kind == ExpectedValue::Kind::number)
        values[0].number = grouped_mean(records, held.window);
    if (beyond_ids(records)) std::fill(values.begin(), values.end(), beyond_value);
    return {.window = held.window,
            .key = held.key,
            .first_offset = records.front()->offset,
            .last_offset = std::max(records.back()->offset, held.last_repeated),
            .records = records.size(),
            .watermark = watermark_,
            .revision = held.shown,
            .values = std::move(values)};
}

/// The mean with its sum grouped as the rule for hopping windows says: slices in the order of
/// offsets, from the multiple of the size in the window backwards, and from there forwards.
double Oracle::grouped_mean(const std::vector<const Event*>& records, const Window& window) const {
    std::map<EventTime, double> sums;
    std::size_t count = 0;
    for (const Event* record : records) {
        if (!record->value) continue;
        sums[place_of(*record)] +=
            static_cast<double>(static_cast<float>(*record->value));
        ++count;
    }
    const EventTime boundary{(window.start.time_since_epoch() + options_.size - Duration{1}) /
                             options_.size * options_.size};
    double left = 0;
    double right = 0;
    for (auto at = sums.rbegin(); at != sums.rend(); ++at)
        if (at->first < boundary) left = at->second + left;
    for (const auto& [start, sum] : sums)
        if (start >= boundary) right += sum;
    return (left + right) / static_cast<double>(count);
}

}  // namespace weir::window::test
