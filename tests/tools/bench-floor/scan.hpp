// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bench_floor {

struct Reading {
    std::string_view device;
    std::int64_t time_us = 0;
    double data = 0;
};

/// Reads what bench-readings writes, and believes everything it reads.
std::optional<Reading> scan(std::string_view value);

}  // namespace bench_floor
