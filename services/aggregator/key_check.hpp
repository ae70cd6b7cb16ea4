// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir::aggregator {

/// Finds out whether the grouping field determines the record key.
///
/// Problem: records of one device under two keys are in two partitions, and its windows come out
/// in two parts. No partition can see that alone, but a replica sees one group under two keys
/// often enough to say so.
///
/// Limits: remembers at most `groups_max` groups whose key is not simply their name; one that comes
///         later is not checked.
class KeyCheck {
public:
    /// False when `group` came under another key before, or under none.
    bool consistent(std::string_view group, std::string_view key);

private:
    static constexpr std::size_t groups_max = 100'000;

    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> keys_;
};

}  // namespace weir::aggregator
