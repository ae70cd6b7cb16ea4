// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "answers.hpp"

namespace weir::bench {

/// How a system's results compare with the answers.
struct Verdict {
    std::int64_t expected = 0;
    std::int64_t found = 0;
    std::int64_t exact = 0;      ///< but for rounding: systems add up in other orders
    std::int64_t with_late = 0;  ///< readings that came too late are counted, too
    std::int64_t wrong = 0;      ///< neither, or no result at all
    std::int64_t missing = 0;
    std::int64_t duplicate = 0;
    // When the broker appended them, since 1970.
    std::int64_t first_ms = std::numeric_limits<std::int64_t>::max();
    std::int64_t last_ms = 0;
    std::vector<std::string> examples;  ///< of what is wrong
};

Result<Verdict> judge(const std::string& servers, const std::string& topic, const Answers& answers);
std::string json(const Verdict& verdict);

}  // namespace weir::bench
