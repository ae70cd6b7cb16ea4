// SPDX-License-Identifier: Apache-2.0
#include "quiet_closes.hpp"

#include <algorithm>

namespace weir::audit {

using std::chrono::floor;
using std::chrono::microseconds;
using std::chrono::milliseconds;

QuietCloses::QuietCloses(const aggregation::Rules& rules, const WrittenRows& rows,
                         const Originals& late)
    : grace_(rules.grace) {
    const bool revises = rules.accept_late > milliseconds::zero();
    // Of a window that had closed when its first reading came: it says its own end all the same.
    const bool first_may_wait = revises && rules.kind() != window::Kind::session;
    const microseconds step = rules.kind() == window::Kind::hopping ? *rules.every : rules.size();
    for (const WrittenRow& row : rows.all()) {
        if (!row.watermark) continue;
        const EventTime shown = *row.watermark;
        if (shown == floor<milliseconds>(row.window.end))
            moves_.insert_or_assign(shown, Move{row.window.end});
        else if (revises && shown.time_since_epoch() % step == microseconds::zero())
            moves_.try_emplace(shown, Move{shown});
    }
    for (const WrittenRow& row : rows.all()) {
        const auto found = moves_.find(row.watermark.value_or(EventTime::min()));
        if (found == moves_.end()) continue;
        Move& move = found->second;
        const Offset its = row.source.last;
        if (first_may_wait && row.revision == 0)
            move.earliest = std::min(move.earliest.value_or(its), its);
        else
            move.last = std::max(move.last.value_or(its), its);
        if (row.revision == 0) move.least_end = std::min(move.least_end, row.window.end);
    }
    for (const Original& original : late.all()) {
        const auto found = moves_.find(original.watermark.value_or(EventTime::min()));
        if (found == moves_.end()) continue;
        auto& first = found->second.first_late;
        first = std::min(first.value_or(original.offset), original.offset);
    }
}

void QuietCloses::saw(Offset offset, EventTime time) {
    const EventTime before = moved_to_;
    if (time - grace_ <= before) return;
    moved_to_ = time - grace_;
    const auto found = moves_.find(floor<milliseconds>(moved_to_));
    if (found == moves_.end()) return;
    const Move& move = found->second;
    if (move.first_late && *move.first_late < offset) return;
    if (move.to != moved_to_ && move.least_end > before) moves_.erase(found);
}

std::vector<QuietClose> QuietCloses::list() const {
    std::vector<QuietClose> list;
    for (const auto& [shown, move] : moves_)
        list.push_back({move.last ? *move.last : *move.earliest, move.to});
    std::sort(list.begin(), list.end(),
              [](const auto& a, const auto& b) { return a.after < b.after; });
    return list;
}

}  // namespace weir::audit
