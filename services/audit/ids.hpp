// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

namespace weir::audit {

/// The values of --distinct-by that readings had in one place: a tumbling window, a slice of
/// hopping windows, a millisecond of sliding ones, a session.
class Ids {
public:
    /// Whether a reading with it is repeated, where at most `max` are kept: with more none is.
    [[nodiscard]] bool repeats(const std::string& id, std::uint64_t max) const {
        return ids_.size() <= max && ids_.contains(id);
    }
    void add(const std::string& id, std::uint64_t max) {
        if (ids_.size() <= max) ids_.insert(id);
    }
    void add(const Ids& more, std::uint64_t max) {
        for (const std::string& id : more.ids_)
            add(id, max);
    }
    [[nodiscard]] bool beyond(std::uint64_t max) const { return ids_.size() > max; }
    [[nodiscard]] std::uint64_t size() const { return ids_.size(); }

private:
    std::unordered_set<std::string> ids_;
};

}  // namespace weir::audit
