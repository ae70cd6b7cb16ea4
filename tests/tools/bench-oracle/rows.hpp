// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "times.hpp"

namespace weir::bench {

using chaos::Micros;

/// A reading, as bench-readings writes it.
/// Lifetime: that of the text it was read from.
struct Reading {
    std::string_view device;
    Micros time = 0;
    double data = 0;
};
std::optional<Reading> parse_reading(std::string_view value);

/// A result: `{"device_name":…,"window":{"start":…,"end":…},"mean":…}`, as every system writes it.
/// Lifetime: that of the text it was read from.
struct Row {
    std::string_view device;
    Micros start = 0;
    Micros end = 0;
    double mean = 0;
};
std::optional<Row> parse_row(std::string_view value);

/// Of readings that only close windows.
inline constexpr std::string_view last_device = "__last";

}  // namespace weir::bench
