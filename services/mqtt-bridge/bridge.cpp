// SPDX-License-Identifier: Apache-2.0
#include "bridge.hpp"

#include <utility>

#include "session_plan.hpp"

namespace weir::mqtt_bridge {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_wait = 100ms;
constexpr auto poll_wait_with_group = 20ms;  // its wishes come to another queue
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
    if (!options_.slots.empty()) {
        auto group = SlotGroup::open(options_, service_.health(), meters_, lanes_);
        if (!group) return group.error();
        slots_.emplace(std::move(*group));
    } else {
        // At once, also without Kafka: the MQTT broker queues for us only what comes after this.
        lanes_.want({whole_session(options_)}, Lanes::Parting::drain);
    }
    while (!service_.stop().stop_requested())
        if (auto worked = work(); !worked) outbox_.fail(worked.error().message);
    stop();
    if (const auto failure = outbox_.failure()) return Error{*failure};
    return {};
}

Result<void> Bridge::work() {
    outbox_.poll(slots_ ? poll_wait_with_group : poll_wait);
    outbox_.watch();
    lanes_.tick();
    return slots_ && outbox_.topics_seen() ? slots_->follow() : Result<void>{};
}

/// Kafka's answers are polled on while the lanes wait for them. Only then others may take over.
void Bridge::stop() {
    lanes_.want({}, Lanes::Parting::drain);
    while (!lanes_.empty()) {
        outbox_.poll(stop_poll_wait);
        lanes_.tick();
    }
    if (slots_) slots_->leave();
    outbox_.close();
}

}  // namespace weir::mqtt_bridge
