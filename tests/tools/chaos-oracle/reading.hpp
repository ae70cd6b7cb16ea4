// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "times.hpp"

namespace weir::chaos {

/// What one record of the input says.
/// Lifetime: that of the text it was read from.
struct Reading {
    std::string_view device;
    Micros time = 0;
    std::optional<double> data;
    std::optional<std::int64_t> units;
};

/// Reads a record as chaos-producer writes those that are sound. Whatever has another form was
/// broken on purpose; so is what lies before 1970 or, by --max-ahead, more than an hour after its
/// production (`produced_ms` since 1970).
std::optional<Reading> parse_reading(std::string_view value, std::int64_t produced_ms);

}  // namespace weir::chaos
