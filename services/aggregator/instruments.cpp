// SPDX-License-Identifier: Apache-2.0
#include "instruments.hpp"

#include <algorithm>
#include <utility>

namespace weir::aggregator {
namespace {

runtime::Counter fate(runtime::Metrics& metrics, const char* name) {
    return metrics.counter("weir_records_total", "Input records by what became of them.",
                           {{"fate", name}});
}

runtime::Counter filtered(runtime::Metrics& metrics, const char* reason) {
    return metrics.counter("weir_filtered_records_total",
                           "Filtered records by reason: no column takes a value of them, or "
                           "--distinct-by had theirs before.",
                           {{"reason", reason}});
}

runtime::Counter status(runtime::Metrics& metrics, const char* name) {
    return metrics.counter("weir_status_records_total", "Records written to the status topic.",
                           {{"status", name}});
}

runtime::Histogram skew(runtime::Metrics& metrics, const char* side) {
    const auto& bounds = SkewCounts::bounds;
    return metrics.histogram("weir_clock_skew_seconds",
                             "How far the event times of readings are from the production of their "
                             "records.",
                             {bounds.begin(), bounds.end()}, {{"side", side}});
}

/// As the label of a metric: keys have no bound of their own. Cut between two characters.
std::string label_of(const std::string& key) {
    constexpr std::size_t label_bytes_max = 128;
    if (key.size() <= label_bytes_max) return key;
    std::size_t end = label_bytes_max;
    while (end > 0 && (static_cast<unsigned char>(key[end]) & 0xC0U) == 0x80U)
        --end;
    return key.substr(0, end) + "…";
}

}  // namespace

Instruments::Instruments(runtime::Metrics& metrics)
    : input_(metrics.counter("weir_records_in_total",
                             "Input records that have their fate; not those read again.")),
      used_(fate(metrics, "used")),
      late_(fate(metrics, "late")),
      dead_(fate(metrics, "dead")),
      filtered_(fate(metrics, "filtered")),
      empty_(filtered(metrics, "empty")),
      repeated_(filtered(metrics, "repeated")),
      results_(metrics.counter("weir_results_total", "Final results written.")),
      revisions_(metrics.counter("weir_revisions_total",
                                 "Final results that replace an earlier one of their window.")),
      scattered_(metrics.counter("weir_scattered_records_total",
                                 "Records under another key than their group came before.")),
      replayed_(metrics.counter("weir_replayed_records_total",
                                "Records read again to build windows up.")),
      commits_(metrics.counter("weir_commits_total", "Commits of results and input offsets.")),
      aborts_(metrics.counter("weir_aborts_total", "Commits given up; their records come again.")),
      partials_(metrics.counter("weir_partials_total", "Running results written.")),
      partials_dropped_(metrics.counter("weir_partials_dropped_total",
                                        "Running results given up for want of room.")),
      commit_seconds_(metrics.histogram("weir_commit_seconds", "How long commits take.",
                                        runtime::Metrics::latency_buckets())),
      partitions_(metrics.gauge("weir_partitions", "Input partitions of this replica.")),
      replaying_(metrics.gauge("weir_replaying_partitions",
                               "Partitions whose windows are being built up.")),
      replay_left_(metrics.gauge("weir_replay_records_left",
                                 "Records still to be read again to build windows up.")),
      stalled_(metrics.gauge("weir_stalled_partitions",
                             "Partitions that stand still at --open-windows-max.")),
      open_windows_(
          metrics.gauge("weir_open_windows",
                        "Windows held, one for each key; of hopping and sliding windows, slices.")),
      window_bytes_(metrics.gauge("weir_window_memory_bytes", "Memory of the open windows.")),
      lag_(metrics.gauge("weir_input_lag_records", "Input records not read yet.")),
      watermark_lag_(metrics.gauge("weir_watermark_lag_seconds",
                                   "How far the oldest watermark is behind the clock.")),
      overdue_(metrics.gauge("weir_windows_overdue_seconds",
                             "How long ago, by the clock, the first open window and its grace "
                             "ended; 0 if they have not.")),
      present_(status(metrics, "present")),
      missing_(status(metrics, "missing")),
      back_(status(metrics, "back")),
      unwatched_(metrics.counter("weir_unwatched_readings_total",
                                 "Readings of keys beyond --expected-keys-max, whose absence "
                                 "nobody would be told.")),
      expected_keys_(metrics.gauge("weir_expected_keys",
                                   "Keys that are expected to send, the missing ones included.")),
      missing_keys_(
          metrics.gauge("weir_missing_keys", "Keys that have sent nothing for --expect-every.")),
      ahead_(skew(metrics, "ahead")),
      behind_(skew(metrics, "behind")),
      skewed_shown_(metrics.gauge_family(
          "weir_key_clock_skew_seconds",
          "How far the clock of a key is ahead of the brokers', or behind if negative: of the "
          "--skewed-keys furthest off, and only from a second on.",
          [this] {
              const std::scoped_lock lock(skewed_mutex_);
              return skewed_;
          })) {}

Tally& Tally::operator+=(const Tally& more) {
    input += more.input;
    used += more.used;
    late += more.late;
    dead += more.dead;
    empty += more.empty;
    repeated += more.repeated;
    results += more.results;
    revisions += more.revisions;
    incomplete += more.incomplete;
    scattered += more.scattered;
    present += more.present;
    missing += more.missing;
    back += more.back;
    unwatched += more.unwatched;
    skew += more.skew;
    return *this;
}

void Instruments::counted(const Tally& tally) {
    input_.add(tally.input);
    used_.add(tally.used);
    late_.add(tally.late);
    dead_.add(tally.dead);
    filtered_.add(tally.filtered());
    empty_.add(tally.empty);
    repeated_.add(tally.repeated);
    results_.add(tally.results);
    revisions_.add(tally.revisions);
    scattered_.add(tally.scattered);
    present_.add(tally.present);
    missing_.add(tally.missing);
    back_.add(tally.back);
    unwatched_.add(tally.unwatched);
    const auto observe = [](runtime::Histogram& histogram, const SkewCounts::Side& side) {
        histogram.add({side.readings.begin(), side.readings.end()}, side.seconds);
    };
    observe(ahead_, tally.skew.ahead);
    observe(behind_, tally.skew.behind);
}

void Instruments::committed(const Tally& tally, double seconds) {
    counted(tally);
    commits_.add();
    commit_seconds_.observe(seconds);
}

void Instruments::show(const Overview& overview) {
    const auto set = [](runtime::Gauge& gauge, std::uint64_t value) {
        gauge.set(static_cast<double>(value));
    };
    set(partitions_, overview.partitions);
    set(replaying_, overview.replaying);
    set(replay_left_, overview.replay_records_left);
    set(stalled_, overview.stalled);
    set(open_windows_, overview.open_windows);
    set(window_bytes_, overview.window_bytes);
    set(lag_, overview.lag_records);
    set(expected_keys_, overview.expected_keys);
    set(missing_keys_, overview.missing_keys);
    watermark_lag_.set(overview.watermark_lag_seconds);
    overdue_.set(overview.overdue_seconds);
}

void Instruments::show(const std::vector<SkewedKeys::Skewed>& keys) {
    std::vector<runtime::Sample> samples;
    for (const auto& [key, skew] : keys) {
        runtime::Sample sample{{{"key", label_of(key)}},
                               std::chrono::duration<double>(skew).count()};
        // Keys that begin alike are one when cut, and a label must not come twice: the worst stays.
        if (std::ranges::find(samples, sample.labels, &runtime::Sample::labels) == samples.end())
            samples.push_back(std::move(sample));
    }
    const std::scoped_lock lock(skewed_mutex_);
    skewed_ = std::move(samples);
}

}  // namespace weir::aggregator
