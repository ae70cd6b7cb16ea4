// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace weir::test {

/// A random engine for property tests. Its seed is printed, and WEIR_SEED repeats a run.
inline std::mt19937_64 random_engine() {
    static const std::uint64_t seed = [] {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread, and nothing sets variables.
        const char* const given = std::getenv("WEIR_SEED");
        const std::uint64_t chosen =
            given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
        std::cout << "WEIR_SEED=" << chosen << '\n';
        return chosen;
    }();
    return std::mt19937_64(seed);
}

}  // namespace weir::test
