// SPDX-License-Identifier: Apache-2.0
#include "lane.hpp"

#include <utility>

#include "limits.hpp"

namespace weir::mqtt_bridge {
namespace {

EventTime now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

mqtt::SubscriberOptions subscriber_options(const Options& options, const SessionPlan& plan) {
    mqtt::SubscriberOptions result;
    result.connection = options.mqtt;
    result.connection.client_id = plan.client_id;
    for (const std::string& filter : plan.filters)
        result.subscriptions.push_back({options.subscribed(filter), options.qos});
    if (!options.dropped_topic.empty())
        result.subscriptions.push_back({options.dropped_topic, mqtt::Qos::at_most_once, true});
    result.unsubscribe = options.unsubscribe;
    result.unacknowledged_max = plan.in_flight;
    result.unacknowledged_bytes_max = plan.in_flight_size;
    result.packet_bytes_max = packet_bytes_max;
    return result;
}

}  // namespace

Lane::Lane(const Options& options, SessionPlan plan, Handler on_message)
    : plan_(std::move(plan)),
      on_message_(std::move(on_message)),
      mapper_(options.mapping(plan_.filters)),
      status_(options.status_topics) {}

std::shared_ptr<Lane> Lane::open(const Options& options, SessionPlan plan, Handler on_message) {
    std::shared_ptr<Lane> lane(new Lane(options, std::move(plan), std::move(on_message)));
    lane->subscriber_ = std::make_unique<mqtt::Subscriber>(
        subscriber_options(options, lane->plan_),
        [lane = lane.get()](const mqtt::Publish& message, mqtt::Token token) {
            lane->on_message_(lane->shared_from_this(), message, token);
        },
        [lane = lane.get()](bool subscribed, std::string_view reason) {
            lane->on_state(subscribed, reason);
        });
    return lane;
}

std::optional<std::string> Lane::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

void Lane::on_state(bool subscribed, std::string_view reason) {
    const std::lock_guard lock(mutex_);
    trouble_ = subscribed ? std::nullopt : std::optional<std::string>(reason);
}

Result<Mapped> Lane::map(const mqtt::Publish& message) {
    return is_status(message) ? status_.map(message, now()) : mapper_.map(message, now());
}

}  // namespace weir::mqtt_bridge
