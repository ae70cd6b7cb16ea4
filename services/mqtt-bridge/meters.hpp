// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "mqtt/subscriber.hpp"
#include "runtime/metrics.hpp"

namespace weir::mqtt_bridge {

/// The bridge's metrics. update() brings those that the subscriber counts up to date.
/// Threads: update() by one; the rest from any.
class Meters {
public:
    explicit Meters(runtime::Metrics& metrics);

    void update(const mqtt::SubscriberStats& now);
    void delivered() { delivered_.add(); }
    void dead(const std::string& stage);

private:
    runtime::Metrics& metrics_;
    std::array<runtime::Counter, 3> received_;
    runtime::Counter delivered_;
    runtime::Counter acknowledged_;
    runtime::Counter duplicates_;
    runtime::Counter suppressed_;
    runtime::Counter sessions_lost_;
    runtime::Counter connections_;
    runtime::Counter pauses_;
    runtime::Gauge unacknowledged_;
    runtime::Gauge oldest_age_;
    mqtt::SubscriberStats seen_;
};

/// Measures how long Kafka takes to confirm a record, on one record at a time: as good as any for
/// quantiles, and the others cost nothing.
/// Threads: sent() by one, answered() by another.
class LatencyProbe {
public:
    using Clock = std::chrono::steady_clock;

    explicit LatencyProbe(runtime::Metrics& metrics);

    void sent(std::uint64_t token);
    void answered(std::uint64_t token);

private:
    runtime::Histogram seconds_;
    std::atomic<bool> waiting_ = false;
    std::uint64_t token_ = 0;    // written by sent() before waiting_, read only after it
    Clock::time_point start_{};  // the same
};

}  // namespace weir::mqtt_bridge
