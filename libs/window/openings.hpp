// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>

#include "base/assert.hpp"
#include "base/types.hpp"

/// Inside libs/window only.
namespace weir::window {

/// Where a replay must begin for something that is still held: its first record, and the
/// watermark before that record.
struct Opening {
    Offset offset{};
    EventTime watermark{};
};

/// The openings of all that a stream holds. An offset opens one thing at most.
class Openings {
public:
    void add(Offset offset, EventTime watermark_before) {
        const auto size = all_.size();
        all_.emplace_hint(all_.end(), offset, watermark_before);
        WEIR_ASSERT(all_.size() == size + 1, "a record opened two windows");
    }
    void remove(Offset offset) { all_.erase(offset); }

    [[nodiscard]] std::optional<Opening> oldest() const {
        if (all_.empty()) return std::nullopt;
        return Opening{all_.begin()->first, all_.begin()->second};
    }

private:
    std::map<Offset, EventTime> all_;
};

}  // namespace weir::window
