// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace bench_floor {

/// What to read, and what to do with it.
struct Job {
    std::string servers;
    std::string input;
    int clients = 1;
    // Of means; without an output records are only read.
    std::string output;
    std::int64_t window_us = 0;
    std::int64_t grace_us = 0;
};

/// Does it, prints what it took and ends the process: the clients' orderly end is no part of it.
[[noreturn]] void run(const Job& job);

}  // namespace bench_floor
