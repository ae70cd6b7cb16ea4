// SPDX-License-Identifier: Apache-2.0
#include "bridge.hpp"

#include "session_plan.hpp"

namespace weir::mqtt_bridge {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_wait = 100ms;
constexpr auto stop_poll_wait = 10ms;

}  // namespace

Bridge::Bridge(const Options& options, runtime::Service& service)
    : options_(options),
      service_(service),
      meters_(service.metrics()),
      outbox_(options, service, meters_),
      lanes_(options, service.health(), meters_,
             [this](const std::shared_ptr<Lane>& lane, const mqtt::Publish& message,
                    mqtt::Token token) { outbox_.carry(lane, message, token); }) {}

Result<void> Bridge::run() {
    if (auto opened = outbox_.open(); !opened) return opened;
    // At once, also without Kafka: the MQTT broker queues for us only what comes after this.
    lanes_.want({whole_session(options_)});
    while (!service_.stop().stop_requested()) {
        outbox_.poll(poll_wait);
        outbox_.watch();
        lanes_.tick();
    }
    stop();
    if (const auto failure = outbox_.failure()) return Error{*failure};
    return {};
}

/// Kafka's answers are polled on while the lanes wait for them.
void Bridge::stop() {
    lanes_.want({});
    while (!lanes_.empty()) {
        outbox_.poll(stop_poll_wait);
        lanes_.tick();
    }
    outbox_.close();
}

}  // namespace weir::mqtt_bridge
