// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "stored_reading.hpp"

namespace weir::serial_reader {

/// What is on its way to the broker, and how far the answers have come.
///
/// Problem: many readings are sent before the first is answered; only what is answered without a
/// hole may be released; and what was not taken must be sent again in order. After a failure the
/// outbox waits for the answers that are out, then begins again at the first that was not taken.
/// Some later ones may have been taken: those arrive twice.
///
/// Threads: one.
/// Limits:  at most `in_flight_max` unanswered.
class Outbox {
public:
    enum class Answer { taken, not_taken };

    /// Everything before `sequence` is answered; `time` is that of the last reading before it.
    struct Released {
        Sequence sequence = 0;
        std::optional<EventTime> time;
    };

    /// Begins with `first`; `before` is the time of the last reading that was released before it.
    Outbox(Sequence first, std::optional<EventTime> before, std::size_t in_flight_max)
        : next_(first), in_flight_max_(in_flight_max), sent_time_(before), released_time_(before) {}

    /// The next sequence to send, when there is room for one.
    [[nodiscard]] std::optional<Sequence> next() const;

    /// The time of the last reading before next(), when there was one.
    [[nodiscard]] std::optional<EventTime> time_before_next() const { return sent_time_; }

    /// What begins at next() and ends with `last` was sent: a reading with its time, or a gap.
    void sent(Sequence last, std::optional<EventTime> time);

    /// The answer to what began at `first`. Tells how far all is answered, when that has moved.
    std::optional<Released> answered(Sequence first, Answer answer);

    [[nodiscard]] std::size_t in_flight() const { return unanswered_; }

private:
    struct Entry {
        Sequence first;
        Sequence last;
        std::optional<EventTime> time;
        std::optional<Answer> answer;
    };

    Sequence next_;
    std::size_t in_flight_max_;
    std::deque<Entry> entries_;  // by sequence, from the first not taken
    std::optional<EventTime> sent_time_;
    std::optional<EventTime> released_time_;
    std::size_t unanswered_ = 0;
    bool going_back_ = false;
};

}  // namespace weir::serial_reader
