// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "device_status.hpp"
#include "mapping.hpp"
#include "mqtt/subscriber.hpp"
#include "options.hpp"
#include "session_plan.hpp"

namespace weir::mqtt_bridge {

/// One MQTT session: receives messages, maps them, acknowledges them.
///
/// Problem: a message waits for Kafka's answer while its session may be given up. So messages on
/// their way share in their lane, and an acknowledgement that comes too late has no effect.
///
/// Threads: the handler and map() run on the subscriber's thread; the rest on any.
class Lane : public std::enable_shared_from_this<Lane> {
public:
    using Handler = std::function<void(const std::shared_ptr<Lane>& lane,
                                       const mqtt::Publish& message, mqtt::Token token)>;

    /// Begins to connect. No handler runs any more once the subscriber has ended.
    static std::shared_ptr<Lane> open(const Options& options, SessionPlan plan, Handler on_message);

    const SessionPlan& plan() const { return plan_; }
    mqtt::Subscriber& subscriber() { return *subscriber_; }
    /// Why no messages come; nothing while they do.
    std::optional<std::string> trouble() const;

    /// The record a message becomes; its views live until the next one. Errors: a sentence for the
    /// dead letter.
    Result<Mapped> map(const mqtt::Publish& message);
    /// Whether it is about a device's status.
    bool is_status(const mqtt::Publish& message) const { return status_.claims(message.topic); }
    /// Room for a record's headers, kept from one message to the next. On the subscriber's thread.
    std::vector<kafka::Header>& headers() { return headers_; }

private:
    Lane(const Options& options, SessionPlan plan, Handler on_message);
    void on_state(bool subscribed, std::string_view reason);

    const SessionPlan plan_;
    const Handler on_message_;
    Mapper mapper_;
    StatusMapper status_;
    std::vector<kafka::Header> headers_;

    mutable std::mutex mutex_;
    std::optional<std::string> trouble_ = "not yet";

    std::unique_ptr<mqtt::Subscriber> subscriber_;  // last: its thread uses all of the above
};

}  // namespace weir::mqtt_bridge
