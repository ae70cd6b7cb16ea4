// SPDX-License-Identifier: Apache-2.0
#include "history.hpp"

#include <algorithm>
#include <ranges>

#include "base/text.hpp"

namespace weir::emitter {

History::History(std::vector<std::string> events, const HistoryLimits& limits)
    : events_(std::move(events)), limits_(limits) {}

bool History::keeps(std::string_view event) const {
    return std::ranges::find(events_, event) != events_.end();
}

void History::add(const Relay& relay, const Outgoing& outgoing, std::chrono::milliseconds now) {
    const auto event = std::ranges::find(events_, relay.event);
    if (event == events_.end()) return;
    expire(now);
    if (!supersede(relay, outgoing)) return;
    entries_.push_back({.number = ++version_,
                        .event = static_cast<std::size_t>(event - events_.begin()),
                        .topic = relay.topic,
                        .key = outgoing.key,
                        .json = '[' + outgoing.value + ',' + outgoing.meta + ']',
                        .timestamp_ms = outgoing.timestamp_ms,
                        .finality = outgoing.finality,
                        .slot = outgoing.slot});
    bytes_ += entries_.back().json.size();
    by_key_[outgoing.key].emplace(version_, std::prev(entries_.end()));
    if (!outgoing.slot.empty()) slots_[outgoing.slot].push_back(std::prev(entries_.end()));
    while (entries_.size() > limits_.records_max || bytes_ > limits_.bytes_max)
        erase(entries_.begin());
}

bool History::supersede(const Relay& relay, const Outgoing& outgoing) {
    const auto found = slots_.find(outgoing.slot);
    if (outgoing.slot.empty() || found == slots_.end()) return true;
    const bool running = outgoing.finality == Finality::running;
    const auto held = found->second;  // erase() changes the original
    if (running && std::ranges::any_of(held, [](Position entry) {
            return entry->finality == Finality::final_result;
        }))
        return false;
    for (const Position entry : held)
        if (entry->topic == relay.topic || (!running && entry->finality == Finality::running))
            erase(entry);
    return true;
}

void History::expire(std::chrono::milliseconds now) {
    const std::int64_t oldest = (now - limits_.age_max).count();
    while (!entries_.empty() && entries_.front().timestamp_ms < oldest)
        erase(entries_.begin());
}

void History::erase(Position entry) {
    if (const auto slot = slots_.find(entry->slot); slot != slots_.end()) {
        std::erase(slot->second, entry);
        if (slot->second.empty()) slots_.erase(slot);
    }
    const auto of_key = by_key_.find(entry->key);
    of_key->second.erase(entry->number);
    if (of_key->second.empty()) by_key_.erase(of_key);
    bytes_ -= entry->json.size();
    ++version_;
    entries_.erase(entry);
}

const std::string& History::snapshot() const {
    if (snapshot_version_ == version_) return snapshot_;
    snapshot_ =
        make_snapshot(entries_ | std::views::transform([](const Entry& entry) { return &entry; }));
    snapshot_version_ = version_;
    return snapshot_;
}

std::string History::snapshot(const KeySet& keys) const {
    std::vector<const Entry*> entries;
    for (const std::string& key : keys)
        if (const auto of_key = by_key_.find(key); of_key != by_key_.end())
            for (const auto& [number, entry] : of_key->second)
                entries.push_back(&*entry);
    std::ranges::sort(entries, {}, &Entry::number);
    return make_snapshot(entries);
}

std::string History::make_snapshot(const auto& entries) const {
    std::vector<std::string> lists(events_.size());
    for (const Entry* entry : entries) {
        if (!lists[entry->event].empty()) lists[entry->event] += ',';
        lists[entry->event] += entry->json;
    }
    std::string snapshot = "{";
    for (std::size_t i = 0; i < events_.size(); ++i)
        snapshot += (i == 0 ? "" : ",") + json_quoted(events_[i]) + ":[" + lists[i] + ']';
    return snapshot + '}';
}

}  // namespace weir::emitter
