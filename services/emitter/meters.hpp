// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.hpp"
#include "hub_stats.hpp"
#include "relay.hpp"
#include "runtime/metrics.hpp"
#include "socketio/stats.hpp"
#include "socketio/uplink.hpp"
#include "translator.hpp"

namespace weir::emitter {

/// What is counted elsewhere.
/// Lifetime: that of the Meters at least.
struct MeterSources {
    const socketio::Stats& clients;
    const http::ServerStats& http;
    const HubStats& hub;
    const socketio::UplinkStats& upstream;
};

/// The emitter's metrics. What the libs count themselves is brought up to date by update().
///
/// Threads: the feed's.
class Meters {
public:
    Meters(runtime::Metrics& metrics, const std::vector<Relay>& relays,
           const MeterSources& sources);

    void record_read(std::string_view topic);
    void record_flawed(Flaw flaw);
    void record_filtered(Filter filter);
    /// From a record's Kafka timestamp to its events' encoding; one record of a batch suffices.
    void relayed_after(std::chrono::milliseconds delay);
    void lag(std::uint64_t records) { lag_.set(static_cast<double>(records)); }
    void update();

private:
    using Source = std::atomic<std::uint64_t>;

    /// A counter of ours that follows one of a lib.
    struct Followed {
        const Source& source;
        runtime::Counter counter;
        std::uint64_t seen = 0;
    };
    struct Shown {
        const Source& source;
        runtime::Gauge gauge;
    };

    void follow(const Source& source, const std::string& name, const std::string& help,
                const runtime::Labels& labels = {});
    void follow_clients(const socketio::Stats& clients);
    void follow_upstream(const socketio::UplinkStats& upstream);
    void follow_http(const http::ServerStats& http);
    void follow_hub(const HubStats& hub);

    runtime::Metrics& metrics_;
    std::map<std::string, runtime::Counter, std::less<>> read_;
    std::map<Flaw, runtime::Counter> flawed_;
    std::map<Filter, runtime::Counter> filtered_;
    runtime::Histogram delay_;
    runtime::Gauge lag_;
    std::vector<Followed> followed_;
    std::vector<Shown> shown_;
};

}  // namespace weir::emitter
