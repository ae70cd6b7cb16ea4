// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace weir::net {

/// How long to wait before the next attempt to connect.
///
/// Problem: a server that comes back must not be hit by every client at the same moment. So each
/// wait is drawn evenly from zero to a ceiling that doubles with every failure ("full jitter"). To
/// that comes what every wait has to be at the least.
///
/// Threads: none of its own; one caller at a time.
class Backoff {
public:
    using Duration = std::chrono::milliseconds;

    Backoff(Duration first, Duration ceiling, std::uint64_t seed, Duration least = {})
        : first_(first), ceiling_(ceiling), least_(least), limit_(first), random_(seed) {}

    /// The wait before the next attempt; the one after it may be twice as long.
    Duration next() {
        std::uniform_int_distribution<Duration::rep> wait(0, limit_.count());
        const Duration chosen{wait(random_)};
        limit_ = std::min(limit_ * 2, ceiling_);
        return least_ + chosen;
    }

    /// Call when an attempt succeeded.
    void reset() { limit_ = first_; }

private:
    Duration first_;
    Duration ceiling_;
    Duration least_;
    Duration limit_;
    std::mt19937_64 random_;
};

}  // namespace weir::net
