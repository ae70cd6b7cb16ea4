// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "bounded_input.hpp"
#include "options.hpp"

namespace weir::aggregator {

/// How far a bounded run has come.
struct Standing {
    BoundedInput::Measure measure;
    std::uint64_t records = 0;
    std::chrono::duration<double> elapsed{0};
};

/// `45 %, 1200000 records, 400000/s, 4s left`; what cannot be told is left out.
std::string progress_text(const Standing& standing);

/// Says on standard error how far a run has come: on a terminal in one line that is written over,
/// otherwise in a log line now and then. Silent while a table is written to the same terminal.
/// Threads: one.
class Progress {
public:
    using Steady = std::chrono::steady_clock::time_point;

    Progress(const Options& options, Steady began);

    /// True when it is time for show().
    [[nodiscard]] bool due(Steady now) const { return now >= next_; }
    void show(const BoundedInput::Measure& measure, std::uint64_t records, Steady now);

    /// Takes the line off the terminal, for others to write there.
    void clear();

private:
    bool terminal_;
    bool shown_ = false;
    Steady began_;
    Steady next_;
};

}  // namespace weir::aggregator
