// SPDX-License-Identifier: Apache-2.0
#include <future>

#include "counting.hpp"
#include "mqtt/subscriber.hpp"

namespace weir::mqtt_counter {

std::string count_with_own_session(const Work& work, Tally& tally) {
    mqtt::SubscriberOptions options;
    options.connection.broker.endpoint = {work.host, work.port};
    options.connection.client_id = "mqtt-counter";
    options.subscriptions = {{work.filter, mqtt::Qos::at_least_once}};
    options.unacknowledged_max = 2 * std::size_t{receive_max};
    std::promise<std::string> trouble;
    // The handler runs in the subscriber's thread, which may begin before it has a name here.
    std::promise<mqtt::Subscriber*> made;
    mqtt::Subscriber* self = nullptr;
    bool over = false;
    mqtt::Subscriber subscriber(
        std::move(options),
        [&](const mqtt::Publish&, mqtt::Token token) {
            tally.add();
            if (self == nullptr) self = made.get_future().get();
            self->acknowledge(token);
        },
        [&](bool subscribed, std::string_view reason) {
            if (subscribed) return tally.subscribed();
            if (!over) trouble.set_value(std::string(reason));
            over = true;
        });
    made.set_value(&subscriber);
    return trouble.get_future().get();
}

}  // namespace weir::mqtt_counter
