// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "aggregation/reading.hpp"
#include "base/progress.hpp"
#include "bounded_input.hpp"
#include "instruments.hpp"
#include "key_check.hpp"
#include "lane.hpp"
#include "options.hpp"
#include "outbox.hpp"
#include "runtime/service.hpp"

namespace weir::aggregator {

/// The aggregator over input that ends: the same readings, lanes, windows and results as the loop
/// has, without a group, a commit or a clock.
///
/// Each stream is read to its end, then all its windows are closed. So the rows are those of a run
/// that never ends over the same records, and beside them those that one would still hold open.
/// What was closed by the clock there, and took later readings as late, takes them here.
///
/// Threads: one.
class BoundedRun {
public:
    /// Everything given outlives the run.
    BoundedRun(const Options& options, runtime::Service& service, Instruments& instruments);

    /// Asked by whatever waits for Kafka: false once the run is to stop, or has not come on for
    /// --stall-timeout.
    [[nodiscard]] bool patient() const;

    /// Reads everything and closes everything. Errors: the input or the outlet failed, the windows
    /// are as many as they may be, nothing came for --stall-timeout, a stop was requested.
    Result<void> run(BoundedInput& input, Outlet& outlet);

    /// Says what became of the records.
    void report();

private:
    using Steady = Lane::Steady;

    Result<void> read_stream(BoundedInput& input, const BoundedInput::Stream& stream,
                             Workshop& workshop);
    Result<void> take(const BoundedInput& input, const kafka::RecordView& record, Lane& lane,
                      Workshop& workshop);
    void say_dead(const BoundedInput& input, const kafka::RecordView& record);
    void count(BoundedInput& input, Outbox& outbox);
    [[nodiscard]] Error stopped(const Outbox& outbox) const;

    const Options& options_;
    runtime::Service& service_;
    Instruments& instruments_;
    Reader reader_;
    KeyCheck keys_;
    SkewedKeys clocks_;
    Progress progress_;
    Tally total_;  ///< of what is not in the outbox's tally any more
    std::uint64_t dead_said_ = 0;
    Steady now_;
    Steady came_on_;  ///< when something was read last
};

/// Opens what the options name, and runs.
Result<void> run_bounded(const Options& options, runtime::Service& service);

}  // namespace weir::aggregator
