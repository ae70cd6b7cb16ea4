// SPDX-License-Identifier: Apache-2.0
#include "values.hpp"

#include <algorithm>
#include <iterator>
#include <list>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace weir::audit {

using namespace std::chrono_literals;
using std::chrono::microseconds;

/// An accumulator.
class Values::State {
public:
    explicit State(const window::Aggregates& aggregates)
        : aggregates_(&aggregates), words_(aggregates.state_words()) {
        aggregates.reset(words_.data());
    }
    State(State&& other) noexcept
        : aggregates_(other.aggregates_), words_(std::exchange(other.words_, {})) {}
    State& operator=(State&& other) noexcept {
        std::swap(words_, other.words_);
        return *this;
    }
    ~State() {
        if (!words_.empty()) aggregates_->release(words_.data());
    }

    void add(const Reading& reading) {
        aggregates_->fold(words_.data(), reading.inputs(), {reading.time, reading.offset});
    }
    void add(const State& later) { aggregates_->merge(words_.data(), later.words_.data()); }

    [[nodiscard]] const std::uint64_t* words() const { return words_.data(); }

private:
    const window::Aggregates* aggregates_;
    std::vector<std::uint64_t> words_;
};

Values::Values(const aggregation::Rules& rules, const window::Aggregates& aggregates)
    : rules_(rules), aggregates_(aggregates), writer_(rules) {}

Values::State Values::in_offset_order(const Readings& readings) const {
    State state(aggregates_);
    for (const auto& reading : readings)
        state.add(*reading);
    return state;
}

/// Slices before the multiple of the window's length that lies in it are added from there
/// backwards, a1 + (a2 + (a3 + ...)); those behind it forwards, ((b1 + b2) + b3) + ...; then both.
Values::State Values::hopping(const Span& window, const Readings& readings) const {
    const microseconds size = rules_.size();
    const microseconds slice{std::gcd(size.count(), microseconds{*rules_.every}.count())};
    std::map<EventTime, State> slices;
    for (const auto& reading : readings)
        slices.try_emplace(reading->time - reading->time.time_since_epoch() % slice, aggregates_)
            .first->second.add(*reading);
    const EventTime last = window.end - 1us;
    const auto middle = slices.lower_bound(last - last.time_since_epoch() % size);
    State before(aggregates_);
    for (auto at = middle; at != slices.begin();) {
        State sum(aggregates_);
        sum.add((--at)->second);
        sum.add(before);
        before = std::move(sum);
    }
    State after(aggregates_);
    for (auto at = middle; at != slices.end(); ++at)
        after.add(at->second);
    State all(aggregates_);
    all.add(before);
    all.add(after);
    return all;
}

/// Readings of one millisecond are a slice; slices are added in the order of time.
Values::State Values::sliding(const Readings& readings) const {
    std::map<EventTime, State> slices;
    for (const auto& reading : readings)
        slices
            .try_emplace(std::chrono::floor<std::chrono::milliseconds>(reading->time), aggregates_)
            .first->second.add(*reading);
    State all(aggregates_);
    for (const auto& [start, state] : slices)
        all.add(state);
    return all;
}

/// A reading goes into the session it is less than the gap from; those it joins are added first,
/// the earlier plus the later. A repeated one does the same and is not added.
Values::State Values::session(const Readings& readings, const Readings& repeated) const {
    struct Part {
        EventTime first;
        EventTime last;
        State state;
    };
    const microseconds gap = rules_.size();
    std::list<Part> parts;  // by time, a gap apart at least
    Readings all_of_it;
    std::merge(readings.begin(), readings.end(), repeated.begin(), repeated.end(),
               std::back_inserter(all_of_it),
               [](const auto& a, const auto& b) { return a->offset < b->offset; });
    auto next_repeated = repeated.begin();
    for (const auto& reading : all_of_it) {
        const bool counts = next_repeated == repeated.end() || reading != *next_repeated;
        if (!counts) ++next_repeated;
        const EventTime time = reading->time;
        const auto begin = std::find_if(parts.begin(), parts.end(),
                                        [&](const Part& part) { return part.last + gap > time; });
        auto end = begin;
        while (end != parts.end() && end->first < time + gap)
            ++end;
        if (begin == end) {
            const auto part = parts.insert(begin, Part{time, time, State(aggregates_)});
            if (counts) part->state.add(*reading);
            continue;
        }
        for (auto other = std::next(begin); other != end; other = parts.erase(other)) {
            begin->state.add(other->state);
            begin->last = other->last;
        }
        begin->first = std::min(begin->first, time);
        begin->last = std::max(begin->last, time);
        if (counts) begin->state.add(*reading);
    }
    // One, unless a row has readings that belong to no one session.
    State all = std::move(parts.front().state);
    for (auto part = std::next(parts.begin()); part != parts.end(); ++part)
        all.add(part->state);
    return all;
}

Offset last_of(const Readings& readings, const Readings& repeated) {
    const Offset last = readings.back()->offset;
    return repeated.empty() ? last : std::max(last, repeated.back()->offset);
}

/// Whether some place has more values of --distinct-by than are kept. Up to the bound, readings
/// that were used differ in theirs.
bool Values::beyond_ids(const Readings& readings) const {
    if (rules_.ids_max() == 0 || readings.size() <= rules_.ids_max()) return false;
    microseconds slice{0};
    if (rules_.kind() == window::Kind::sliding) slice = 1ms;
    if (rules_.kind() == window::Kind::hopping)
        slice = microseconds{
            std::gcd(microseconds{rules_.size()}.count(), microseconds{*rules_.every}.count())};
    std::map<EventTime, std::set<std::string_view>> places;
    for (const auto& reading : readings) {
        const EventTime start =
            slice == 0us ? EventTime{} : reading->time - reading->time.time_since_epoch() % slice;
        auto& ids = places[start];
        ids.insert(reading->id);
        if (ids.size() > rules_.ids_max()) return true;
    }
    return false;
}

RowContent Values::content(std::string_view key, const Span& window, const Readings& readings,
                           const Readings& repeated) {
    const State state = [&] {
        switch (rules_.kind()) {
            case window::Kind::hopping: return hopping(window, readings);
            case window::Kind::sliding: return sliding(readings);
            case window::Kind::session: return session(readings, repeated);
            case window::Kind::tumbling: break;
        }
        return in_offset_order(readings);
    }();
    RowContent content{.first = readings.front()->offset,
                       .last = last_of(readings, repeated),
                       .count = readings.size()};
    std::vector<window::Output> outputs(aggregates_.list().size());
    aggregates_.finish(state.words(), content.count, outputs);
    if (beyond_ids(readings))
        for (window::Output& output : outputs)
            output.kind = window::Output::Kind::beyond;
    content.value =
        writer_.value({.window = {window.start, window.end}, .key = key, .values = outputs});
    for (std::size_t i = 0; i < outputs.size(); ++i)
        if (outputs[i].kind == window::Output::Kind::beyond)
            content.beyond_bound +=
                (content.beyond_bound.empty() ? "" : ",") + aggregates_.list()[i].output;
    return content;
}

std::string Values::record_key(std::string_view key) {
    return std::string(writer_.key({.key = key}));
}

}  // namespace weir::audit
