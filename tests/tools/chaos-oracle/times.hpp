// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::chaos {

/// Microseconds since 1970, UTC.
using Micros = std::int64_t;

/// Reads `2024-10-07 12:00:01.123456`, exactly that form.
std::optional<Micros> parse_time(std::string_view text);

/// `2024-10-07T12:00:01.123Z`; what is below a millisecond is cut off.
std::string time_text(Micros time);

}  // namespace weir::chaos
