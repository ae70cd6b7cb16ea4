// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "aggregation/rules.hpp"
#include "originals.hpp"
#include "watermark.hpp"
#include "written_rows.hpp"

namespace weir::audit {

/// Which of the rows that were written may have been closed by the clock.
///
/// Problem: a row says at which watermark it came out, cut to a millisecond, and not who moved it
/// there; if the clock did, it says the end of its own window, and a revision the step. The clock
/// moves it to the end of a window, or to a step at which revisions come out, and nowhere else; a
/// reading seldom does. So rows that came out at such a watermark are taken for witnesses of the
/// clock, unless a reading of the range explains them: it moved the watermark past the ends of all
/// of them, into that millisecond and not to its beginning, and none before it was late by such a
/// watermark already. Where all readings are looked at first, few rows are left in doubt.
class QuietCloses {
public:
    QuietCloses(const aggregation::Rules& rules, const WrittenRows& rows, const Originals& late);

    /// Whether anything is in doubt that looking at the readings may settle.
    [[nodiscard]] bool in_doubt() const { return !moves_.empty(); }

    /// A reading of the range, in the order of offsets, before list() is asked for.
    void saw(Offset offset, EventTime time);

    [[nodiscard]] std::vector<QuietClose> list() const;
    /// Whether the clock may have moved it there; as in headers.
    [[nodiscard]] bool contains(EventTime watermark) const { return moves_.contains(watermark); }

private:
    /// Of the rows that came out at one watermark.
    struct Move {
        EventTime to;                            ///< that watermark, to the last digit
        EventTime least_end = EventTime::max();  ///< of their windows, where they are no revisions
        /// The greatest offset in those that surely came out then.
        std::optional<Offset> last = std::nullopt;
        /// The least in first results that may have come out later (--accept-late).
        std::optional<Offset> earliest = std::nullopt;
        /// The first reading that was late by that watermark.
        std::optional<Offset> first_late = std::nullopt;
    };

    std::chrono::microseconds grace_;
    std::map<EventTime, Move> moves_;  ///< by the watermark, as headers have it
    EventTime moved_to_ = EventTime::min();
};

}  // namespace weir::audit
