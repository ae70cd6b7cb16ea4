// SPDX-License-Identifier: Apache-2.0
#include "lanes.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "limits.hpp"

namespace weir::mqtt_bridge {

Lanes::Lanes(const Options& options, runtime::Health& health, Meters& meters,
             Lane::Handler on_message)
    : options_(options),
      meters_(meters),
      on_message_(std::move(on_message)),
      mqtt_ready_(health.condition("mqtt")) {}

bool Lanes::is_wanted(const Lane& lane) const {
    return std::any_of(wanted_.begin(), wanted_.end(), [&](const SessionPlan& plan) {
        return plan.client_id == lane.plan().client_id;
    });
}

void Lanes::want(std::vector<SessionPlan> wanted, Parting parting) {
    wanted_ = std::move(wanted);
    for (Entry& entry : lanes_) {
        if (!is_wanted(*entry.lane))
            part(entry, parting);
        else if (entry.state == State::running_out) {
            entry.lane->subscriber().reconnect(true);
            entry.state = State::wanted;
        }
    }
    tick();
}

void Lanes::part(Entry& entry, Parting parting) {
    mqtt::Subscriber& subscriber = entry.lane->subscriber();
    if (entry.state == State::draining) return;
    if (parting == Parting::drain) {
        subscriber.finish(drain_max);
        entry.state = State::draining;
    } else if (entry.state == State::wanted) {
        subscriber.reconnect(false);
        entry.state = State::running_out;
    }
}

bool Lanes::draining() const {
    return std::any_of(lanes_.begin(), lanes_.end(),
                       [](const Entry& entry) { return entry.state == State::draining; });
}

void Lanes::tick() {
    look();
    std::erase_if(lanes_, [](const Entry& entry) { return entry.state == State::ended; });
    open_missing();
}

/// A client id has one session at a time: what is being drained is waited for.
void Lanes::open_missing() {
    for (const SessionPlan& plan : wanted_)
        if (std::none_of(lanes_.begin(), lanes_.end(), [&](const Entry& entry) {
                return entry.lane->plan().client_id == plan.client_id;
            }))
            lanes_.push_back({Lane::open(options_, plan, on_message_)});
}

void Lanes::look() {
    std::uint64_t unacknowledged = 0;
    std::chrono::milliseconds oldest_age{0};
    std::optional<std::string> trouble;
    for (Entry& entry : lanes_) {
        mqtt::Subscriber& subscriber = entry.lane->subscriber();
        if (subscriber.ended()) entry.state = State::ended;  // before a last look at what it did
        const mqtt::SubscriberStats now = subscriber.stats();
        meters_.count(std::exchange(entry.seen, now), now);
        if (entry.state == State::ended) {
            if (now.unacknowledged > 0)
                log::warn(
                    "ended before Kafka confirmed everything; the MQTT broker will send it again",
                    {{"client_id", entry.lane->plan().client_id},
                     {"messages", now.unacknowledged}});
            continue;
        }
        unacknowledged += now.unacknowledged;
        oldest_age = std::max(oldest_age, now.oldest_age);
        if (entry.state == State::wanted && !trouble) trouble = entry.lane->trouble();
    }
    meters_.show(lanes_.size(), unacknowledged, oldest_age);
    if (trouble)
        mqtt_ready_.unmet(*trouble);
    else
        mqtt_ready_.met();
}

}  // namespace weir::mqtt_bridge
