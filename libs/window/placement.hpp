// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "window/stream.hpp"
#include "window/timeline.hpp"
#include "window/types.hpp"

/// Inside libs/window only.
namespace weir::window {

/// The records of one key that are in the same windows.
struct Slice {
    EventTime start{};
    std::uint64_t records = 0;
    Offset first_offset{};
    Offset last_offset{};
};

using Slices = Timeline<Slice>;

/// Which windows a key's slices make: the arithmetic of hopping and sliding windows (Kind).
///
/// A hopping window is whole slices as long as the greatest common divisor of size and every. A
/// slice of sliding windows is a millisecond. A window is known by its end.
class Placement {
public:
    explicit Placement(const Options& options);

    [[nodiscard]] Duration slice_size() const { return slice_; }
    [[nodiscard]] EventTime slice_of(EventTime time) const {
        return time - time.time_since_epoch() % slice_;
    }

    [[nodiscard]] Window ending(EventTime end) const;

    /// Where a window is cut into halves that are merged apart (Halves): a hopping window at the
    /// multiple of its size in it, a sliding one not at all.
    [[nodiscard]] EventTime boundary(const Window& window) const;

    /// The end of the window that decides whether a record of this slice is late.
    [[nodiscard]] EventTime deciding_end(EventTime slice) const;
    /// The end of the last window that the slice is in or defines.
    [[nodiscard]] EventTime last_end(EventTime slice) const;
    /// Slices are forgotten together, by the spans they start in: when that span is done with.
    [[nodiscard]] EventTime span_end(EventTime slice) const;

    /// Of the windows these slices make: the least end after `after`; the greatest end after
    /// `after` and up to `until`. `never` and no_watermark when there is none.
    [[nodiscard]] EventTime next_end(const Slices& slices, EventTime after) const;
    [[nodiscard]] EventTime greatest_end(const Slices& slices, EventTime after,
                                         EventTime until) const;

    /// Whether these slices make a window with that end.
    [[nodiscard]] bool exists(const Slices& slices, EventTime end) const;

    /// The ends, after `after` and up to `until`, of windows that a record of `slice` is in or
    /// defines. It need not be among the slices.
    [[nodiscard]] std::vector<EventTime> ends_touched(const Slices& slices, EventTime slice,
                                                      EventTime after, EventTime until) const;

    /// The end of the open window that ends first of those that hold the newest slice; `never`.
    [[nodiscard]] EventTime running_end(const Slices& slices, EventTime watermark) const;

    static constexpr EventTime never = EventTime::max();

private:
    [[nodiscard]] bool hopping() const { return kind_ == Kind::hopping; }
    /// Of hopping windows: the least end after `time`, the greatest end up to `time`.
    [[nodiscard]] EventTime grid_after(EventTime time) const;
    [[nodiscard]] EventTime grid_until(EventTime time) const;
    /// The least end of a hopping window that holds the slice.
    [[nodiscard]] EventTime first_end(EventTime slice) const { return grid_after(slice); }
    /// Of sliding windows: the window that begins after the slice at `index`, if it is not empty.
    [[nodiscard]] bool followed(const Slices& slices, std::size_t index) const;
    [[nodiscard]] EventTime end_after(EventTime slice) const;
    [[nodiscard]] EventTime next_sliding_end(const Slices& slices, EventTime after) const;

    Kind kind_;
    Duration size_;
    Duration every_;
    Duration slice_;
};

}  // namespace weir::window
