// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace weir {

/// How far a piece of work has come, in whatever can be told beforehand: records or bytes.
struct Measure {
    std::uint64_t done = 0;
    std::uint64_t total = 0;  ///< 0: not known
};

/// How far a run has come.
struct Standing {
    Measure measure;
    std::uint64_t records = 0;
    std::chrono::duration<double> elapsed{0};
};

/// `45 %, 1200000 records, 400000/s, 4s left`; what cannot be told is left out.
std::string progress_text(const Standing& standing);

/// Says on standard error how far a run has come: on a terminal in one line that is written over,
/// otherwise in a log line now and then.
/// Threads: one.
class Progress {
public:
    using Steady = std::chrono::steady_clock::time_point;

    /// `terminal_is_taken`: something else is written to the terminal all the time, so nothing is
    /// said there.
    explicit Progress(Steady began, bool terminal_is_taken = false);

    /// True when it is time for show().
    [[nodiscard]] bool due(Steady now) const { return now >= next_; }
    void show(const Measure& measure, std::uint64_t records, Steady now);

    /// Takes the line off the terminal, for others to write there.
    void clear();

private:
    bool terminal_;
    bool shown_ = false;
    Steady began_;
    Steady next_;
};

}  // namespace weir
