// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "kafka/record.hpp"
#include "options.hpp"

namespace weir::mqtt_bridge {

/// An MQTT session as it is to be. The client id says which it is.
struct SessionPlan {
    std::string client_id;
    std::vector<std::string> filters;
    std::uint32_t in_flight;
    Bytes in_flight_size;
    std::chrono::milliseconds reconnect_wait_min{0};
};

/// All filters in one session: that of a bridge that shares with nobody.
SessionPlan whole_session(const Options& options);

/// The session of one filter: that of a bridge that shares the filters with its replicas.
///
/// Problem: the broker keeps a session's subscriptions and its queue. Were a filter's session named
/// after its place in a list or after its slot, another list or another number of slots would leave
/// the filter behind in one session and put it into a second: all its messages would come twice. So
/// the client id is the bridge's and a hash of the filter, for good.
SessionPlan filter_session(const Options& options, const std::string& filter);

/// What a replica owns of the slots, and the sessions that come of it. Filter i belongs to slot
/// i mod number of slots. Pure.
class SlotPlan {
public:
    explicit SlotPlan(const Options& options) : options_(options) {}

    /// These slots are ours too, of so many in all.
    void take(const std::vector<kafka::TopicPartition>& slots, int count);
    /// These are not, or soon will not be.
    void release(const std::vector<kafka::TopicPartition>& slots);

    const std::set<int>& owned() const { return owned_; }
    int count() const { return count_; }
    std::vector<SessionPlan> sessions() const;

private:
    const Options& options_;
    std::set<int> owned_;
    int count_ = 0;
};

}  // namespace weir::mqtt_bridge
