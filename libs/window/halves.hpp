// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "window/aggregates.hpp"
#include "window/placement.hpp"

/// Inside libs/window only.
namespace weir::window {

/// Merges the slices of windows that close one after the other.
///
/// Problem: windows that hop by little share nearly all their slices, and merging all of them each
/// time makes sixty merges where size / every is sixty. But sums of floating-point numbers depend
/// on how they are grouped, and must be the same whenever and by whomever they are computed.
///
/// So the grouping is a rule: a window is cut at the multiple of its size that lies in it. Before
/// that boundary slices are merged from the boundary backwards, a1 + (a2 + (a3 + ...)); behind it
/// forwards, ((b1 + b2) + b3) + ...; then the two halves. Windows with the same boundary share the
/// halves: each one's left half is a part of the one before, the right half grows. That is three
/// merges for a window, however many slices it has.
///
/// Only for accumulators that own no memory; merge_by_rule() does the same without sharing.
class Halves {
public:
    /// Merges the slices in `window` into `state`, which is an accumulator of nothing. Windows come
    /// in the order of their ends; start_again() is called when a slice before the last one's end
    /// has changed in between. Returns the merged slice.
    Slice merge(const Aggregates& aggregates, const Slices& slices, const Window& window,
                EventTime boundary, std::uint64_t* state);

    void start_again() { boundary_ = EventTime::max(); }

    [[nodiscard]] std::size_t memory_bytes() const {
        return sizeof(Halves) + lefts_.capacity() * sizeof(Slice) +
               (left_states_.capacity() + right_state_.capacity()) * sizeof(std::uint64_t);
    }

private:
    void build_left(const Aggregates& aggregates, const Slices& slices, EventTime from);

    EventTime boundary_ = EventTime::max();
    EventTime right_to_ = EventTime::min();  ///< what has been merged lies before
    /// From each slice to the boundary, the one that starts first being the last.
    std::vector<Slice> lefts_;
    std::vector<std::uint64_t> left_states_;
    Slice right_;
    std::vector<std::uint64_t> right_state_;
};

/// The same from scratch, for any accumulator.
Slice merge_by_rule(const Aggregates& aggregates, const Slices& slices, const Window& window,
                    EventTime boundary, std::uint64_t* state);

}  // namespace weir::window
