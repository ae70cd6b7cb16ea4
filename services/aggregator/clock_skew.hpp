// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "window/types.hpp"

namespace weir::aggregator {

/// How far the event times of readings are from the production of their records, all keys
/// together: a histogram of those that are ahead and one of those that are behind.
struct SkewCounts {
    /// Upper bounds of the buckets, in seconds. Beyond the last is one more.
    static constexpr std::array bounds{0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 3600.0, 86400.0};

    struct Side {
        std::array<std::uint64_t, bounds.size() + 1> readings{};
        double seconds = 0;  ///< their sum
    };
    Side ahead;
    Side behind;

    /// `skew`: event time less production time.
    void add(window::Duration skew);
    SkewCounts& operator+=(const SkewCounts& more);
};

/// Finds the keys whose clocks are furthest from the brokers', to show them by name.
///
/// Problem: of a hundred thousand devices one has a wrong clock, and somebody has to find it; a
/// series for each device would be too many. So only the worst are named, and only what may be
/// among them costs more than a comparison.
///
/// A key's skew is that of its reading least behind, or furthest ahead, within the last one to two
/// turns: a reading that was long on its way says nothing about the clock. A clock that is right
/// is forgotten at once when it was behind, after two turns when it was ahead.
///
/// Threads: one.
/// Limits:  holds `keys_max` keys. When more are wrong the half nearest to right is given up, and
///          until the turn is over only keys further off than those are taken.
class SkewedKeys {
public:
    /// Less than this is told by the histograms alone: it may be the way to the brokers.
    static constexpr window::Duration noticed = std::chrono::seconds{1};

    static constexpr std::size_t keys_max = 1024;

    /// `key_fields`: how many fields a key is made of. `named`: how many worst() returns at most;
    /// with 0 nothing is remembered.
    SkewedKeys(std::size_t key_fields, std::size_t named);

    /// Copies the key if it is remembered.
    void hear(std::string_view key, window::Duration skew) {
        if (distance(skew) < least_ && (keys_.empty() || !marks_[mark_of(key)])) return;
        remember(key, skew);
    }

    /// A turn is over. Called about once a minute.
    void turn();

    struct Skewed {
        std::string key;
        window::Duration skew{};

        friend bool operator==(const Skewed&, const Skewed&) = default;
    };
    /// Those furthest off, the worst first, under the keys that their results have.
    [[nodiscard]] std::vector<Skewed> worst() const;

    /// How many keys are remembered.
    [[nodiscard]] std::size_t size() const { return keys_.size(); }

private:
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    struct Heard {
        std::optional<window::Duration> now;     ///< in this turn
        std::optional<window::Duration> before;  ///< in the one before
        [[nodiscard]] window::Duration skew() const;
    };

    static window::Duration distance(window::Duration skew) {
        return skew < skew.zero() ? -skew : skew;
    }
    void remember(std::string_view key, window::Duration skew);
    void give_up_half();
    void mark_all();

    /// A few bits of a key, from its ends: most keys that are not remembered have bits that no
    /// remembered one has, and are not looked for.
    static std::size_t mark_of(std::string_view key) {
        std::array<std::uint64_t, 2> ends{};
        const std::size_t size = std::min(key.size(), sizeof ends[0]);
        std::memcpy(&ends[0], key.data(), size);
        std::memcpy(&ends[1], key.data() + key.size() - size, size);
        constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
        return ((ends[0] * odd) ^ (ends[1] + key.size())) * odd >> (64 - mark_bits);
    }
    static constexpr int mark_bits = 14;

    std::size_t key_fields_;
    std::size_t named_;
    window::Duration least_;  ///< what a new key must be off
    std::unordered_map<std::string, Heard, Hash, std::equal_to<>> keys_;
    std::bitset<(1U << mark_bits)> marks_;  ///< of the keys remembered
};

}  // namespace weir::aggregator
