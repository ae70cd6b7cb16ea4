// SPDX-License-Identifier: Apache-2.0
#include "session_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "limits.hpp"

namespace weir::mqtt_bridge {
namespace {

/// FNV-1a of 64 bits: the same on every machine and in every version, for the broker keeps it.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xCBF29CE484222325;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001B3;
    }
    return hash;
}

}  // namespace

SessionPlan whole_session(const Options& options) {
    return {options.mqtt.client_id, options.filters(), options.in_flight, options.in_flight_size};
}

/// One replica may have all sessions, so each gets its share of what may be in flight.
SessionPlan filter_session(const Options& options, const std::string& filter) {
    const std::size_t sessions = options.filters().size();
    return {fmt::format("{}-{:016x}", options.mqtt.client_id, hash_of(filter)),
            {filter},
            std::max(static_cast<std::uint32_t>(options.in_flight / sessions), 1U),
            Bytes{options.in_flight_size.count / sessions},
            shared_reconnect_wait_min};
}

void SlotPlan::take(const std::vector<kafka::TopicPartition>& slots, int count) {
    count_ = count;
    for (const auto& [topic, slot] : slots)
        owned_.insert(number(slot));
}

void SlotPlan::release(const std::vector<kafka::TopicPartition>& slots) {
    for (const auto& [topic, slot] : slots)
        owned_.erase(number(slot));
}

std::vector<SessionPlan> SlotPlan::sessions() const {
    const std::vector<std::string> filters = options_.filters();
    std::vector<SessionPlan> sessions;
    for (std::size_t i = 0; i < filters.size() && count_ > 0; ++i)
        if (owned_.contains(static_cast<int>(i % static_cast<std::size_t>(count_))))
            sessions.push_back(filter_session(options_, filters[i]));
    return sessions;
}

}  // namespace weir::mqtt_bridge
