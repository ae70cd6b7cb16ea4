// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "mqtt/subscriber.hpp"
#include "runtime/metrics.hpp"

namespace weir::mqtt_bridge {

/// The bridge's metrics. Threads: count(), show() and show_slots() by one, the rest from any.
class Meters {
public:
    explicit Meters(runtime::Metrics& metrics);

    /// Counts what one session did between two looks at it.
    void count(const mqtt::SubscriberStats& before, const mqtt::SubscriberStats& now);
    /// How many sessions there are, what they hold, and how long the oldest of it has waited.
    void show(std::size_t sessions, std::uint64_t unacknowledged,
              std::chrono::milliseconds oldest_age);
    void show_slots(const std::set<int>& owned, int count);
    void delivered() { delivered_.add(); }
    void skipped() { skipped_.add(); }
    void status() { statuses_.add(); }
    void dropped(std::uint64_t count) { dropped_.set(static_cast<double>(count)); }
    void repeated() { repeated_.add(); }
    void dead(const std::string& stage);

private:
    runtime::Metrics& metrics_;
    std::array<runtime::Counter, 3> received_;
    runtime::Counter delivered_;
    runtime::Counter acknowledged_;
    runtime::Counter duplicates_;
    runtime::Counter skipped_;
    runtime::Counter statuses_;
    runtime::Counter repeated_;
    runtime::Counter suppressed_;
    runtime::Counter sessions_lost_;
    runtime::Counter connections_;
    runtime::Counter pauses_;
    runtime::Gauge dropped_;
    runtime::Gauge sessions_;
    runtime::Gauge unacknowledged_;
    runtime::Gauge oldest_age_;
};

/// Measures how long Kafka takes to confirm a record, on one record at a time: as good as any for
/// quantiles, and the others cost nothing.
/// Threads: any.
class LatencyProbe {
public:
    using Clock = std::chrono::steady_clock;
    using Start = std::optional<Clock::time_point>;

    explicit LatencyProbe(runtime::Metrics& metrics);

    /// To be given to end() when this record is answered. Nothing while another is measured.
    Start begin();
    void end(Start start);

private:
    runtime::Histogram seconds_;
    std::atomic<bool> busy_ = false;
};

}  // namespace weir::mqtt_bridge
