// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/types.hpp"
#include "config/codec.hpp"

namespace weir::aggregation {

/// Where a bounded run begins to read: at the beginning, at offsets, or at a time of production.
struct From {
    std::optional<EventTime> time;
    /// A partition that is not named is read from its beginning.
    std::map<Partition, Offset> offsets;

    [[nodiscard]] bool earliest() const { return !time && offsets.empty(); }
};

}  // namespace weir::aggregation

namespace weir::config {

/// `earliest`, `0:1500,1:20`, or a time as readings have it.
template <>
struct Codec<aggregation::From> {
    static Result<aggregation::From> parse(std::string_view text);
    static std::string format(const aggregation::From& from);
    static std::string metavar() { return "earliest|PARTITION:OFFSET,…|TIME"; }
};

}  // namespace weir::config
