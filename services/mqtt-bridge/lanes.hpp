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

    /// How a session ends that is no longer wanted.
    enum class Parting {
        drain,    ///< it reads no more, waits a few seconds for Kafka's answers and says goodbye
        run_out,  ///< it works on while its connection lasts: somebody else may connect any moment
    };

    /// From now on these sessions are wanted, each for its client id, and no others.
    void want(std::vector<SessionPlan> wanted, Parting parting);

    /// To be called all the time: what has ended is forgotten, what is missing opened.
    void tick();

    /// True until what was to be drained has ended.
    bool draining() const;

    bool empty() const { return lanes_.empty(); }

private:
    enum class State { wanted, running_out, draining, ended };
    struct Entry {
        std::shared_ptr<Lane> lane;
        mqtt::SubscriberStats seen{};
        State state = State::wanted;
    };

    bool is_wanted(const Lane& lane) const;
    void part(Entry& entry, Parting parting);
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
