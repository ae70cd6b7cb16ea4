// SPDX-License-Identifier: Apache-2.0
#include "window/placement.hpp"

#include <algorithm>
#include <numeric>

namespace weir::window {
namespace {

/// The resolution of sliding windows.
constexpr Duration tick = std::chrono::milliseconds{1};

bool any_between(const Slices& slices, EventTime from, EventTime to) {
    const std::size_t index = slices.lower_bound(from);
    return index < slices.size() && slices.head(index).start < to;
}

}  // namespace

Placement::Placement(const Options& options)
    : kind_(options.kind),
      size_(options.size),
      every_(options.every),
      slice_(options.kind == Kind::hopping
                 ? Duration{std::gcd(options.size.count(), options.every.count())}
                 : tick) {}

Window Placement::ending(EventTime end) const {
    if (hopping()) return {end - size_, end};
    return {std::max(EventTime{}, end - size_ - tick), end};
}

EventTime Placement::boundary(const Window& window) const {
    if (!hopping()) return window.start;
    const EventTime last = window.end - Duration{1};
    return last - last.time_since_epoch() % size_;
}

// Window n is [n * every, n * every + size), n >= 0.
EventTime Placement::grid_after(EventTime time) const {
    const EventTime first = EventTime{} + size_;
    if (time < first) return first;
    return first + ((time - first) / every_ + 1) * every_;
}

EventTime Placement::grid_until(EventTime time) const {
    const EventTime first = EventTime{} + size_;
    if (time < first) return no_watermark;
    return first + (time - first) / every_ * every_;
}

EventTime Placement::last_end(EventTime slice) const {
    if (!hopping()) return end_after(slice);
    return slice - slice.time_since_epoch() % every_ + size_;
}

EventTime Placement::deciding_end(EventTime slice) const {
    return hopping() ? last_end(slice) : slice + tick;
}

EventTime Placement::span_end(EventTime slice) const {
    if (hopping()) return last_end(slice);
    const Duration span = std::max<Duration>(size_, std::chrono::seconds{1});
    return last_end(slice - slice.time_since_epoch() % span + span);
}

EventTime Placement::end_after(EventTime slice) const { return slice + size_ + 2 * tick; }

bool Placement::followed(const Slices& slices, std::size_t index) const {
    return index + 1 < slices.size() &&
           slices.head(index + 1).start <= slices.head(index).start + size_ + tick;
}

EventTime Placement::next_end(const Slices& slices, EventTime after) const {
    if (!hopping()) return next_sliding_end(slices, after);
    const EventTime end = grid_after(after);
    const std::size_t index = slices.lower_bound_from_front(end - size_);
    if (index == slices.size()) return never;
    return std::max(end, first_end(slices.head(index).start));
}

EventTime Placement::next_sliding_end(const Slices& slices, EventTime after) const {
    // Before 1970 there is nothing; that also keeps the subtractions within bounds.
    const EventTime from = std::max(after, EventTime{} - 2 * size_ - 4 * tick);
    const std::size_t own = slices.lower_bound(from - tick + Duration{1});
    EventTime next = own == slices.size() ? never : slices.head(own).start + tick;
    for (std::size_t i = slices.lower_bound(from - size_ - 2 * tick + Duration{1});
         i < slices.size() && end_after(slices.head(i).start) < next; ++i)
        if (followed(slices, i)) next = end_after(slices.head(i).start);
    return next;
}

EventTime Placement::greatest_end(const Slices& slices, EventTime after, EventTime until) const {
    EventTime greatest = no_watermark;
    for (std::size_t i = slices.size(); i > 0; --i) {
        const EventTime slice = slices.head(i - 1).start;
        if (hopping()) {
            if (first_end(slice) > until) continue;
            greatest = std::min(last_end(slice), grid_until(until));
            break;
        }
        if (slice + tick <= until) greatest = std::max(greatest, slice + tick);
        if (end_after(slice) <= until && followed(slices, i - 1))
            greatest = std::max(greatest, end_after(slice));
    }
    return greatest > after ? greatest : no_watermark;
}

bool Placement::exists(const Slices& slices, EventTime end) const {
    const Window window = ending(end);
    if (hopping()) return any_between(slices, window.start, window.end);
    if (any_between(slices, end - tick, end)) return true;
    const EventTime before = end - size_ - 2 * tick;
    return any_between(slices, before, before + tick) && any_between(slices, before + tick, end);
}

std::vector<EventTime> Placement::ends_touched(const Slices& slices, EventTime slice,
                                               EventTime after, EventTime until) const {
    std::vector<EventTime> ends;
    const auto add = [&](EventTime end) {
        if (end > after && end <= until) ends.push_back(end);
    };
    if (hopping()) {
        for (EventTime end = first_end(slice); end <= std::min(last_end(slice), until);
             end += every_)
            add(end);
        return ends;
    }
    add(slice + tick);
    // The window that begins after the slice is touched when it is defined, for it holds other
    // records.
    const EventTime after_it = end_after(slice);
    if (any_between(slices, slice + tick, after_it) && !exists(slices, after_it)) add(after_it);
    for (std::size_t i = slices.lower_bound(slice - size_ - tick);
         i < slices.size() && slices.head(i).start <= slice + size_; ++i) {
        const EventTime other = slices.head(i).start;
        if (other > slice) add(other + tick);
        if (other < slice) add(end_after(other));
    }
    std::sort(ends.begin(), ends.end());
    ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
    return ends;
}

EventTime Placement::running_end(const Slices& slices, EventTime watermark) const {
    if (slices.empty()) return never;
    const EventTime newest = slices.head(slices.size() - 1).start;
    if (!hopping()) return newest + tick > watermark ? newest + tick : never;
    const EventTime end = std::max(first_end(newest), grid_after(watermark));
    return end <= last_end(newest) ? end : never;
}

}  // namespace weir::window
