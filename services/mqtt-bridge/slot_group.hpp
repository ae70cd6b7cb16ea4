// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "kafka/consumer.hpp"
#include "lanes.hpp"
#include "meters.hpp"
#include "options.hpp"
#include "runtime/health.hpp"
#include "session_plan.hpp"

namespace weir::mqtt_bridge {

/// Shares the filters out among the replicas of a bridge.
///
/// Problem: replicas have the same options, yet each must have filters and MQTT sessions of its
/// own, and what one gives up another must take, in this order. Kafka deals the partitions of a
/// topic to the members of a group in just that way, so the partitions of a topic that stays empty,
/// the slots, are what is dealt. A slot that is asked back is given back when its sessions have
/// ended. One that was taken without asking (we were thought dead) is nobody's to end politely: its
/// sessions work on while their connections last, and the MQTT broker ends those when the new
/// owner connects.
///
/// Threads: one. Lifetime: everything given outlives it.
class SlotGroup {
public:
    /// Touches no network. Errors: a property that the Kafka client refuses.
    static Result<SlotGroup> open(const Options& options, runtime::Health& health, Meters& meters,
                                  Lanes& lanes);

    /// Does what the group wants, as far as it can be done now; joins it the first time. To be
    /// called all the time, once the topic is there. Errors: the group refuses us for good.
    Result<void> follow();

    /// To be called when no lane is left: others take over at once. Takes a few seconds at most.
    void leave() { consumer_.close(); }

private:
    using Slots = std::vector<kafka::TopicPartition>;

    SlotGroup(const Options& options, runtime::Health& health, Meters& meters, Lanes& lanes,
              kafka::Consumer consumer);
    // Answers to the group. False: not yet.
    Result<bool> take(const Slots& slots);
    Result<bool> give_back(const Slots& slots);
    Result<bool> lose(const Slots& slots);
    void say(std::string_view what, const Slots& slots);

    const Options& options_;
    Meters& meters_;
    Lanes& lanes_;
    runtime::Health::Condition& ready_;
    kafka::Consumer consumer_;
    SlotPlan plan_;
    bool joined_ = false;
    bool standing_by_ = false;
};

}  // namespace weir::mqtt_bridge
