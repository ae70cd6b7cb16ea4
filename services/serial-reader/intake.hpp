// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "line_framer.hpp"
#include "line_parser.hpp"
#include "options.hpp"
#include "reading_buffer.hpp"
#include "runtime/service.hpp"

namespace weir::serial_reader {

/// Takes the bytes of the port apart, stamps the readings and puts them into the buffer. Counts
/// every line by what became of it.
///
/// A UART cannot wait: a reading the disk refuses is gone, counted and later reported as a gap.
///
/// Threads: one.
/// Lifetime: `buffer` and `service` outlive it.
class Intake {
public:
    using Clock = std::chrono::steady_clock;

    Intake(const Options& options, ReadingBuffer& buffer, runtime::Service& service);

    /// The port was opened anew: an unfinished line will not be finished.
    void restart();

    /// Bytes that were read at `arrival`, which becomes the time of the readings in them.
    void take(std::string_view bytes, EventTime arrival, Clock::time_point now);

    /// When the last good line came in; nothing before the first.
    [[nodiscard]] std::optional<Clock::time_point> last_good() const { return last_good_; }
    /// The last rejection since then, for the operator.
    [[nodiscard]] std::optional<Rejection> last_rejection() const { return last_rejection_; }

private:
    void take(const Line& line, EventTime arrival, Clock::time_point now);
    void store(double value, EventTime arrival);
    void note(Calibration calibration);
    void reject(Rejection rejection, std::string_view text);

    const Options& options_;
    ReadingBuffer& buffer_;
    LineFramer framer_;
    std::optional<Clock::time_point> last_good_;
    std::optional<Rejection> last_rejection_;
    std::uint64_t dropped_ = 0;  // as the buffer counts
    bool disk_refuses_ = false;

    runtime::Health::Condition& disk_condition_;
    runtime::Counter records_in_;
    runtime::Counter calibrations_;
    runtime::Gauge ro_kohm_;
    std::array<std::optional<runtime::Counter>, rejections.size()> rejected_;
    runtime::Counter dropped_full_;
    runtime::Counter dropped_disk_;
    runtime::Gauge stored_bytes_;
};

}  // namespace weir::serial_reader
