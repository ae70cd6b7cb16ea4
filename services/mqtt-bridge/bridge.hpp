// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/result.hpp"
#include "lanes.hpp"
#include "meters.hpp"
#include "options.hpp"
#include "outbox.hpp"
#include "runtime/service.hpp"
#include "slot_group.hpp"

namespace weir::mqtt_bridge {

/// Carries messages from MQTT to Kafka and acknowledges each only when Kafka has it: ties the
/// lanes, where messages come in, to the outbox, where they go.
///
/// Threads: messages are mapped and sent in the lanes' threads; run() polls Kafka's answers in the
///          caller's.
class Bridge {
public:
    Bridge(const Options& options, runtime::Service& service);

    /// Works until the service is to stop, then finishes what was begun. Errors: Kafka's client has
    /// failed for good, the dead-letter topic refuses a dead letter, or the slots' group refuses
    /// us; nothing is lost by that.
    Result<void> run();

private:
    Result<void> work();
    void stop();

    const Options& options_;
    runtime::Service& service_;
    Meters meters_;
    Outbox outbox_;
    Lanes lanes_;  // after the outbox, which their threads use
    std::optional<SlotGroup> slots_;
};

}  // namespace weir::mqtt_bridge
