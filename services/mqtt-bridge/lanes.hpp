// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "lane.hpp"
#include "meters.hpp"
#include "options.hpp"
#include "runtime/health.hpp"
#include "session_plan.hpp"

namespace weir::mqtt_bridge {

/// The MQTT sessions of this process: opens and ends lanes so that they are what is wanted.
///
/// Threads: one.
class Lanes {
public:
    Lanes(const Options& options, runtime::Health& health, Meters& meters,
          Lane::Handler on_message);

    /// From now on these sessions are wanted, each for its client id. Others are drained: they read
    /// no more, wait a few seconds for Kafka's answers and say goodbye.
    void want(std::vector<SessionPlan> wanted);

    /// To be called all the time: what has ended is forgotten, what is missing opened.
    void tick();

    bool empty() const { return lanes_.empty(); }

private:
    struct Entry {
        std::shared_ptr<Lane> lane;
        mqtt::SubscriberStats seen{};
        bool draining = false;
        bool ended = false;
    };

    bool is_wanted(const Lane& lane) const;
    void look();
    void open_missing();

    const Options& options_;
    Meters& meters_;
    const Lane::Handler on_message_;
    runtime::Health::Condition& mqtt_ready_;
    std::vector<SessionPlan> wanted_;
    std::vector<Entry> lanes_;
};

}  // namespace weir::mqtt_bridge
