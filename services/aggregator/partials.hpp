// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "aggregation/result.hpp"
#include "instruments.hpp"
#include "kafka/producer.hpp"
#include "lane.hpp"
#include "options.hpp"

namespace weir::aggregator {

/// Writes the running results of open windows that changed, by the clock.
///
/// They are for screens: outside the transactions, given up when they cannot be written soon, and
/// repeated or missing after a crash. Nothing that is exact depends on them.
///
/// Limits: rows_max a time over all lanes; what is left over comes first the next time.
class Partials {
public:
    static kafka::Outcome<Partials> open(const Options& options, std::string origin,
                                         Instruments& instruments);

    /// True when it is time for visit() on each lane.
    bool due(Lane::Steady now);
    void visit(Lane& lane);

    void poll() { producer_.poll(std::chrono::milliseconds{0}); }

private:
    Partials(const Options& options, std::string origin, Instruments& instruments,
             kafka::Producer producer);

    const Options& options_;
    std::string origin_;
    Instruments& instruments_;
    kafka::Producer producer_;
    ResultWriter writer_;
    Lane::Steady next_{};
    std::size_t rows_left_ = 0;
};

}  // namespace weir::aggregator
