// SPDX-License-Identifier: Apache-2.0
#include "positions.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace weir::emitter {

void Positions::add(const kafka::TopicPartition& where, Offset from, Offset end) {
    const bool behind = from < end;
    const bool is_new = all_.try_emplace(where, State{from, end, behind}).second;
    WEIR_ASSERT(is_new, "a partition is added once");
    behind_ += behind ? 1 : 0;
}

void Positions::pass(State& state) {
    if (std::exchange(state.behind, false)) --behind_;
}

bool Positions::read(const kafka::TopicPartition& where, Offset offset) {
    const auto found = all_.find(where);
    WEIR_ASSERT(found != all_.end(), "only partitions that were added are read");
    State& state = found->second;
    state.next = weir::next(offset);
    if (state.next >= state.end) pass(state);
    return offset >= state.end;
}

void Positions::reached_end(const kafka::TopicPartition& where, Offset end) {
    const auto found = all_.find(where);
    if (found == all_.end()) return;
    State& state = found->second;
    state.next = std::max(state.next, end);
    pass(state);
}

Offset Positions::clamp(const kafka::TopicPartition& where, const kafka::Watermarks& log) {
    const auto found = all_.find(where);
    WEIR_ASSERT(found != all_.end(), "only partitions that were added are read");
    State& state = found->second;
    state.next = std::clamp(state.next, log.low, std::max(log.low, log.high));
    if (state.next >= log.high) pass(state);
    return state.next;
}

int Positions::partitions(const std::string& topic) const {
    return static_cast<int>(
        std::ranges::count_if(all_, [&](const auto& entry) { return entry.first.topic == topic; }));
}

std::vector<kafka::Position> Positions::next() const {
    std::vector<kafka::Position> positions;
    for (const auto& [where, state] : all_)
        positions.push_back({where, state.next, {}});
    return positions;
}

}  // namespace weir::emitter
