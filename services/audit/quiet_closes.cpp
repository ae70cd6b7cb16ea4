// SPDX-License-Identifier: Apache-2.0
#include "quiet_closes.hpp"

#include <algorithm>

namespace weir::audit {

using std::chrono::floor;
using std::chrono::microseconds;
using std::chrono::milliseconds;

QuietCloses::QuietCloses(const aggregation::Rules& rules, const WrittenRows& rows)
    : grace_(rules.grace) {
    const bool revises = rules.accept_late > milliseconds::zero();
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
        const auto move = moves_.find(row.watermark.value_or(EventTime::min()));
        if (move == moves_.end()) continue;
        move->second.last = std::max(move->second.last, row.source.last);
        if (row.revision == 0)
            move->second.least_end = std::min(move->second.least_end, row.window.end);
    }
}

void QuietCloses::saw(EventTime time) {
    const EventTime before = moved_to_;
    if (time - grace_ <= before) return;
    moved_to_ = time - grace_;
    const auto found = moves_.find(floor<milliseconds>(moved_to_));
    if (found == moves_.end()) return;
    const Move& move = found->second;
    if (move.to != moved_to_ && move.least_end > before) moves_.erase(found);
}

std::vector<QuietClose> QuietCloses::list() const {
    std::vector<QuietClose> list;
    for (const auto& [shown, move] : moves_)
        list.push_back({move.last, move.to});
    std::sort(list.begin(), list.end(),
              [](const auto& a, const auto& b) { return a.after < b.after; });
    return list;
}

}  // namespace weir::audit
