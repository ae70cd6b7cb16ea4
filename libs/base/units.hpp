// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/types.hpp"

namespace weir {

/// Durations as people write them in options: one or more of `<number><unit>` with the units us,
/// ms, s, m, h, d and a decimal fraction allowed: `250ms`, `15s`, `1.5s`, `1m30s`. A bare `0` is
/// zero; any other number needs its unit, so that nobody mistakes seconds for milliseconds.
/// Errors: a sentence that names the text; negative, empty and overflowing values are refused, and
/// those that are not whole microseconds.
Result<std::chrono::microseconds> parse_duration(std::string_view text);

/// The shortest text that parse_duration() reads back: `1m30s`, `250ms`.
std::string format_duration(std::chrono::microseconds duration);

/// Sizes as `<number><unit>` with the units B, KiB, MiB, GiB, KB, MB, GB; a bare number is bytes.
Result<Bytes> parse_bytes(std::string_view text);

/// The largest binary unit that divides the size: `64MiB`, `1000B`.
std::string format_bytes(Bytes bytes);

}  // namespace weir
