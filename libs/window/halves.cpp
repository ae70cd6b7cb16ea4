// SPDX-License-Identifier: Apache-2.0
#include "window/halves.hpp"

#include <algorithm>

namespace weir::window {
namespace {

/// Adds what is said of a slice, but for its start.
void add(Slice& to, const Slice& from) {
    if (from.records == 0) return;
    to.first_offset =
        to.records == 0 ? from.first_offset : std::min(to.first_offset, from.first_offset);
    to.last_offset =
        to.records == 0 ? from.last_offset : std::max(to.last_offset, from.last_offset);
    to.records += from.records;
}

}  // namespace

void Halves::build_left(const Aggregates& aggregates, const Slices& slices, EventTime from) {
    const std::size_t words = aggregates.state_words();
    const std::size_t first = slices.lower_bound(from);
    const std::size_t count = slices.lower_bound(boundary_) - first;
    lefts_.clear();
    left_states_.resize(count * words);
    for (std::size_t done = 0; done < count; ++done) {
        const std::size_t index = first + count - 1 - done;
        std::uint64_t* const state = left_states_.data() + done * words;
        Slice left{.start = slices.head(index).start};
        add(left, slices.head(index));
        aggregates.reset(state);
        aggregates.merge(state, slices.state(index));
        if (done > 0) {
            add(left, lefts_.back());
            aggregates.merge(state, state - words);
        }
        lefts_.push_back(left);
    }
}

Slice Halves::merge(const Aggregates& aggregates, const Slices& slices, const Window& window,
                    EventTime boundary, std::uint64_t* state) {
    if (boundary != boundary_) {
        boundary_ = boundary;
        build_left(aggregates, slices, window.start);
        right_ = {};
        right_to_ = boundary;
        right_state_.resize(aggregates.state_words());
        aggregates.reset(right_state_.data());
    }
    while (!lefts_.empty() && lefts_.back().start < window.start)
        lefts_.pop_back();
    for (std::size_t i = slices.lower_bound(right_to_);
         i < slices.size() && slices.head(i).start < window.end; ++i) {
        add(right_, slices.head(i));
        aggregates.merge(right_state_.data(), slices.state(i));
    }
    right_to_ = window.end;
    Slice all;
    if (!lefts_.empty()) {
        add(all, lefts_.back());
        aggregates.merge(state,
                         left_states_.data() + (lefts_.size() - 1) * aggregates.state_words());
    }
    add(all, right_);
    aggregates.merge(state, right_state_.data());
    return all;
}

Slice merge_by_rule(const Aggregates& aggregates, const Slices& slices, const Window& window,
                    EventTime boundary, std::uint64_t* state) {
    const std::size_t words = aggregates.state_words();
    Slice all;
    std::vector<std::uint64_t> merged(words);
    aggregates.reset(merged.data());
    const std::size_t first = slices.lower_bound(window.start);
    const std::size_t middle = slices.lower_bound(boundary);
    for (std::size_t i = middle; i > first; --i) {
        add(all, slices.head(i - 1));
        aggregates.merge(merged.data(), slices.state(i - 1));
        aggregates.merge(merged.data(), state);
        aggregates.release(state);
        std::swap_ranges(merged.begin(), merged.end(), state);
    }
    std::size_t last = middle;
    for (; last < slices.size() && slices.head(last).start < window.end; ++last) {
        add(all, slices.head(last));
        aggregates.merge(merged.data(), slices.state(last));
    }
    aggregates.merge(state, merged.data());
    aggregates.release(merged.data());
    return all;
}

}  // namespace weir::window
