// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "base/types.hpp"
#include "window/checkpoint.hpp"

namespace weir::audit {

/// A close by the clock that a row bears witness of: after the reading at `after` the watermark
/// stood at `watermark`.
struct QuietClose {
    Offset after{};
    EventTime watermark{};
};

/// Where the watermark of a partition stood before each of its records, as far as it can be told
/// afterwards.
///
/// Problem: records move the watermark, and so does the clock, of which only traces are left: in
/// rows that no record closed, in the watermarks that late records were judged by, and, for the
/// windows that are held, in the checkpoint of the last commit. So the watermark is known within
/// bounds: least() is what records and late ones prove, most() is what rows may bear witness of.
/// From the checkpoint's offset on the two are one. Both only rise.
class Watermark {
public:
    using Duration = std::chrono::microseconds;

    /// `checkpoint`: of a commit at or beyond everything that will be asked about.
    Watermark(Duration grace, std::optional<window::Checkpoint> checkpoint);

    /// What a row bears witness of; `after` is not before what reach() was called with.
    void witness(const QuietClose& close);

    /// Every record before `position` has been shown to saw(). False when the checkpoint says that
    /// the watermark stood lower than those records had it.
    bool reach(Offset position);

    /// A reading of that time.
    void saw(EventTime time) { raise(time - grace_); }
    /// It is known to stand there at least.
    void raise(EventTime to);
    /// It may stand there: what lies before the first record is not known.
    void may_be(EventTime most) { most_ = std::max(most_, most); }

    [[nodiscard]] EventTime least() const { return least_; }
    [[nodiscard]] EventTime most() const { return exact_ ? least_ : std::max(least_, most_); }

    /// The value of least() that first reached `end`, which it has; those that forget_steps() has
    /// given up are as if they had never been.
    [[nodiscard]] EventTime that_reached(EventTime end) const;
    void forget_steps() { steps_.clear(); }

private:
    Duration grace_;
    std::vector<QuietClose> closes_;  ///< by `after`
    std::size_t next_close_ = 0;
    std::optional<window::Checkpoint> checkpoint_;
    std::size_t next_move_ = 0;
    bool exact_ = false;
    EventTime least_ = EventTime::min();
    EventTime most_ = EventTime::min();
    std::vector<EventTime> steps_;
};

}  // namespace weir::audit
