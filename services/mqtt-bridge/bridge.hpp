// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "kafka/producer.hpp"
#include "mapping.hpp"
#include "meters.hpp"
#include "mqtt/subscriber.hpp"
#include "options.hpp"
#include "runtime/service.hpp"

namespace weir::mqtt_bridge {

/// Carries messages from MQTT to Kafka and acknowledges each only when Kafka has it.
///
/// Problem: a message that is acknowledged and not yet in Kafka is lost when this process dies. So
/// its token travels through the producer, and only Kafka's answer hands it back to the subscriber.
/// The bridge keeps nothing: what it had not finished, the MQTT broker sends to the next one.
///
/// Threads: messages are mapped and sent in the subscriber's thread; run() polls Kafka's answers in
///          the caller's.
class Bridge {
public:
    Bridge(const Options& options, runtime::Service& service);

    /// Works until the service is to stop, then finishes what was begun. Errors: Kafka's client has
    /// failed for good, or the dead-letter topic refuses a dead letter; nothing is lost by that.
    Result<void> run();

private:
    /// A message as it came, for the dead letter it becomes if Kafka refuses its record.
    struct Original {
        std::string topic;
        std::string payload;
    };
    struct DeadLetter {
        std::string_view reason;
        std::string_view stage;
        std::string_view mqtt_topic;
        std::string_view key;
        std::string_view bytes;
        std::size_t size;  ///< of the original
    };

    void on_message(const mqtt::Publish& message, mqtt::Token token);
    void on_state(bool subscribed, std::string_view reason);
    void on_delivery(const kafka::Delivery& delivery);
    void bury(const DeadLetter& letter, std::uint64_t token);
    bool send(const kafka::OutgoingRecord& record);
    void keep_original(std::uint64_t token, const mqtt::Publish& message);
    std::optional<Original> take_original(std::uint64_t token);
    void fail(std::string reason);
    bool failed();
    Result<void> open_producer();
    void poll();
    void watch_kafka();
    void look_at_topics();
    void stop();

    const Options& options_;
    runtime::Service& service_;
    Meters meters_;
    LatencyProbe probe_;
    runtime::Health::Condition& mqtt_ready_;
    runtime::Health::Condition& kafka_ready_;

    Mapper mapper_;  // of the subscriber's thread
    std::optional<kafka::Producer> producer_;
    bool topics_seen_ = false;
    std::chrono::steady_clock::time_point next_look_{};

    std::mutex mutex_;
    std::unordered_map<std::uint64_t, Original> originals_;  // of records on their way, by token
    std::optional<std::string> failure_;

    std::unique_ptr<mqtt::Subscriber> subscriber_;  // last: its thread uses all of the above
};

}  // namespace weir::mqtt_bridge
