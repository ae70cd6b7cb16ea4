// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "clock_skew.hpp"
#include "runtime/metrics.hpp"

namespace weir::aggregator {

/// What became of records since the last commit. An abort takes it back, so that the counters say
/// what counts: input = used + late + dead + filtered. Input is counted where records come in, not
/// added up from the fates, so that a record without a fate would show.
struct Tally {
    std::uint64_t input = 0;
    std::uint64_t used = 0;
    std::uint64_t late = 0;
    std::uint64_t dead = 0;
    std::uint64_t empty = 0;     ///< filtered: in a window, and no column counts it
    std::uint64_t repeated = 0;  ///< filtered: --distinct-by had its value before
    std::uint64_t results = 0;
    std::uint64_t revisions = 0;   ///< of the results
    std::uint64_t incomplete = 0;  ///< of the results, those that may lack records
    std::uint64_t scattered = 0;   ///< under another record key than their group came before
    std::uint64_t present = 0;     ///< status records, as are the next two
    std::uint64_t missing = 0;
    std::uint64_t back = 0;
    std::uint64_t unwatched = 0;  ///< readings of keys beyond --expected-keys-max
    SkewCounts skew;              ///< of readings, those too far ahead included

    [[nodiscard]] std::uint64_t filtered() const { return empty + repeated; }
    Tally& operator+=(const Tally& more);
};

/// The metrics of the aggregator.
/// Threads: one.
class Instruments {
public:
    explicit Instruments(runtime::Metrics& metrics);

    void committed(const Tally& tally, double seconds);
    /// What counts without a commit, because the run has none.
    void counted(const Tally& tally);
    void aborted() { aborts_.add(); }
    void partial_written() { partials_.add(); }
    void partial_dropped() { partials_dropped_.add(); }
    void replayed(std::uint64_t records) { replayed_.add(records); }

    /// Over the partitions of this replica.
    struct Overview {
        std::uint64_t partitions = 0;
        std::uint64_t replaying = 0;
        std::uint64_t replay_records_left = 0;
        std::uint64_t stalled = 0;
        std::uint64_t open_windows = 0;
        std::uint64_t window_bytes = 0;
        std::uint64_t lag_records = 0;
        std::uint64_t expected_keys = 0;
        std::uint64_t missing_keys = 0;
        double watermark_lag_seconds = 0;  ///< of the partition that is furthest behind
        double overdue_seconds = 0;        ///< of the window that should have closed first
    };
    void show(const Overview& overview);
    /// In place of those shown before.
    void show(const std::vector<SkewedKeys::Skewed>& keys);

private:
    runtime::Counter input_, used_, late_, dead_, filtered_, empty_, repeated_;
    runtime::Counter results_, revisions_, scattered_;
    runtime::Counter replayed_;
    runtime::Counter commits_, aborts_, partials_, partials_dropped_;
    runtime::Histogram commit_seconds_;
    runtime::Gauge partitions_, replaying_, replay_left_, stalled_, open_windows_, window_bytes_;
    runtime::Gauge lag_, watermark_lag_, overdue_;
    runtime::Counter present_, missing_, back_, unwatched_;
    runtime::Gauge expected_keys_, missing_keys_;
    runtime::Histogram ahead_, behind_;
    std::mutex skewed_mutex_;
    std::vector<runtime::Sample> skewed_;  ///< under the mutex: read by who scrapes
    runtime::Reading skewed_shown_;
};

}  // namespace weir::aggregator
