// SPDX-License-Identifier: Apache-2.0
#include "clock_skew.hpp"

#include <utility>

#include "aggregation/group_key.hpp"

namespace weir::aggregator {

using window::Duration;

void SkewCounts::add(Duration skew) {
    const double seconds = std::chrono::duration<double>(skew).count();
    Side& side = seconds < 0 ? behind : ahead;
    const double away = seconds < 0 ? -seconds : seconds;
    std::size_t bucket = 0;
    while (bucket < bounds.size() && away > bounds[bucket])
        ++bucket;
    ++side.readings[bucket];
    side.seconds += away;
}

SkewCounts& SkewCounts::operator+=(const SkewCounts& more) {
    const auto add = [](Side& side, const Side& other) {
        for (std::size_t i = 0; i < side.readings.size(); ++i)
            side.readings[i] += other.readings[i];
        side.seconds += other.seconds;
    };
    add(ahead, more.ahead);
    add(behind, more.behind);
    return *this;
}

SkewedKeys::SkewedKeys(std::size_t key_fields, std::size_t named)
    : key_fields_(key_fields), named_(named), least_(named > 0 ? noticed : Duration::max()) {}

Duration SkewedKeys::Heard::skew() const {
    return std::max(now.value_or(Duration::min()), before.value_or(Duration::min()));
}

void SkewedKeys::remember(std::string_view key, Duration skew) {
    if (const auto known = keys_.find(key); known != keys_.end()) {
        known->second.now = std::max(known->second.now.value_or(skew), skew);
        return;
    }
    if (distance(skew) < least_) return;
    if (keys_.size() == keys_max) give_up_half();
    if (distance(skew) < least_) return;
    keys_.emplace(key, Heard{skew, {}});
    marks_.set(mark_of(key));
}

void SkewedKeys::give_up_half() {
    std::vector<Duration> distances;
    for (const auto& [key, heard] : keys_)
        distances.push_back(distance(heard.skew()));
    const auto half = distances.begin() + keys_max / 2;
    std::nth_element(distances.begin(), half, distances.end());
    const Duration middle = *half;
    // Clocks may all be wrong by the same, and then half of them go nevertheless.
    auto equals = half - std::partition(distances.begin(), half,
                                        [&](Duration one) { return one < middle; });
    std::erase_if(keys_, [&](const auto& entry) {
        const Duration one = distance(entry.second.skew());
        return one < middle || (one == middle && equals-- > 0);
    });
    least_ = std::max(noticed, middle + Duration{1});
    mark_all();
}

void SkewedKeys::turn() {
    if (named_ == 0) return;
    least_ = noticed;
    for (auto& [key, heard] : keys_)
        heard.before = std::exchange(heard.now, std::nullopt);
    std::erase_if(keys_, [](const auto& entry) {
        const auto& before = entry.second.before;
        return !before || distance(*before) < noticed;
    });
    mark_all();
}

void SkewedKeys::mark_all() {
    marks_.reset();
    for (const auto& [key, heard] : keys_)
        marks_.set(mark_of(key));
}

std::vector<SkewedKeys::Skewed> SkewedKeys::worst() const {
    std::vector<Skewed> found;
    for (const auto& [key, heard] : keys_)
        if (distance(heard.skew()) >= noticed) found.push_back({key, heard.skew()});
    const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(named_, found.size()));
    std::partial_sort(found.begin(), end, found.end(), [](const Skewed& a, const Skewed& b) {
        const auto left = distance(a.skew), right = distance(b.skew);
        return left != right ? left > right : a.key < b.key;
    });
    found.erase(end, found.end());
    std::string buffer;
    for (Skewed& one : found)
        one.key = std::string(aggregation::record_key(key_fields_, one.key, buffer));
    return found;
}

}  // namespace weir::aggregator
