// SPDX-License-Identifier: Apache-2.0
#include "key_check.hpp"

namespace weir::aggregator {

bool KeyCheck::consistent(std::string_view group, std::string_view key) {
    if (key.data() == nullptr) return false;
    // The common case costs a comparison. A group that also came under another key is known.
    const bool plain = key == group;
    if (plain && keys_.empty()) return true;
    const std::size_t hash = std::hash<std::string_view>{}(key);
    const auto known = keys_.find(group);
    if (known != keys_.end()) return known->second == hash;
    if (!plain && keys_.size() < groups_max) keys_.emplace(group, hash);
    return true;
}

}  // namespace weir::aggregator
