// SPDX-License-Identifier: Apache-2.0
#include "outbox.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace weir::serial_reader {

std::optional<Sequence> Outbox::next() const {
    if (going_back_ || entries_.size() >= in_flight_max_) return std::nullopt;
    return next_;
}

void Outbox::sent(Sequence last, std::optional<EventTime> time) {
    WEIR_ASSERT(next().has_value() && last >= next_, "only what next() gave is sent");
    entries_.push_back({next_, last, time, std::nullopt});
    ++unanswered_;
    if (time) sent_time_ = time;
    next_ = last + 1;
}

std::optional<Outbox::Released> Outbox::answered(Sequence first, Answer answer) {
    const auto entry =
        std::lower_bound(entries_.begin(), entries_.end(), first,
                         [](const Entry& e, Sequence sequence) { return e.first < sequence; });
    WEIR_ASSERT(entry != entries_.end() && entry->first == first && !entry->answer,
                "every message is answered once");
    entry->answer = answer;
    --unanswered_;
    going_back_ = going_back_ || answer == Answer::not_taken;

    std::optional<Released> released;
    while (!entries_.empty() && entries_.front().answer == Answer::taken) {
        const Entry& taken = entries_.front();
        if (taken.time) released_time_ = taken.time;
        released = Released{taken.last + 1, released_time_};
        entries_.pop_front();
    }
    if (going_back_ && unanswered_ == 0) {
        next_ = entries_.front().first;
        sent_time_ = released_time_;
        entries_.clear();
        going_back_ = false;
    }
    return released;
}

}  // namespace weir::serial_reader
