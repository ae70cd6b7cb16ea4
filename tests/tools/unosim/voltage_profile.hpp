// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::unosim {

/// A voltage over time: straight lines between points, repeated for ever. Each round starts with
/// the first point and ends with the last.
class VoltageProfile {
public:
    /// Reads lines `seconds millivolts`; `#` starts a comment. Seconds start at 0 and grow.
    /// Errors: the number of the first line that is wrong, and what was expected.
    static Result<VoltageProfile> parse(std::string_view text);
    static Result<VoltageProfile> read(const std::string& path);

    [[nodiscard]] std::uint32_t millivolts_at(std::chrono::duration<double> time) const;

private:
    struct Point {
        double seconds;
        double millivolts;
    };
    explicit VoltageProfile(std::vector<Point> points) : points_(std::move(points)) {}

    std::vector<Point> points_;  // at least one, seconds strictly growing from 0
};

}  // namespace weir::unosim
