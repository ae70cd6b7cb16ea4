// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "drop_watch.hpp"
#include "kafka/producer.hpp"
#include "lane.hpp"
#include "meters.hpp"
#include "options.hpp"
#include "runtime/service.hpp"

namespace weir::mqtt_bridge {

/// Carries the messages of all lanes into Kafka and acknowledges each when Kafka has it.
///
/// Problem: a message that is acknowledged and not yet in Kafka is lost when this process dies. So
/// what is needed to acknowledge it travels through the producer, and only Kafka's answer brings it
/// back. Nothing else is kept: what was not finished, the MQTT broker sends to the next session.
///
/// Threads: carry() runs in the lanes' threads, failure() and fail() in any; the rest, and with
///          poll() the answers, in the owner's.
/// Limits:  has room for all that the lanes may have unacknowledged together.
class Outbox {
public:
    Outbox(const Options& options, runtime::Service& service, Meters& meters);

    /// Touches no network. Errors: a property that the Kafka client refuses.
    Result<void> open();

    /// Sends what the message becomes: a record, or a dead letter.
    void carry(const std::shared_ptr<Lane>& lane, const mqtt::Publish& message, mqtt::Token token);

    /// Answers messages, waiting at most `wait` for the first.
    void poll(std::chrono::milliseconds wait);

    /// Looks after brokers and topics now and then. May take a second while they are away.
    void watch();

    /// All topics were there once.
    bool topics_seen() const { return topics_seen_; }

    /// Gives up what is unanswered; it stays unacknowledged.
    void close();

    /// Ends the service. What was not acknowledged the MQTT broker has for the next start.
    void fail(std::string reason);
    std::optional<std::string> failure();

private:
    /// A message as it came, for the dead letter it becomes if Kafka refuses its record.
    struct Original {
        std::string topic;
        std::string payload;
    };
    /// A message between its arrival and Kafka's answer. Its address is the token of its record.
    struct Carried {
        std::shared_ptr<Lane> lane;
        mqtt::Token token{};
        std::optional<Original> original{};  // nothing when it goes as a dead letter
        std::int64_t timestamp_ms = 0;       // of the record
        LatencyProbe::Start probed{};
    };
    /// What Kafka refused, with its words.
    struct Refused {
        std::unique_ptr<Carried> passage;
        std::string key;
        std::string reason;
    };
    struct DeadLetter {
        std::string_view reason;
        std::string_view stage;
        std::string_view mqtt_topic;
        std::string_view key;
        std::string_view bytes;
        std::size_t size;  ///< of the original
    };

    bool send(kafka::OutgoingRecord record, std::unique_ptr<Carried>& passage);
    void bury(const DeadLetter& letter, std::unique_ptr<Carried> passage);
    void on_delivery(const kafka::Delivery& delivery);
    void look_at_drops(std::string_view payload);
    void send_again(const kafka::Delivery& delivery, std::unique_ptr<Carried> passage);
    void bury_refused();
    void look_at_topics();

    const Options& options_;
    runtime::Service& service_;
    Meters& meters_;
    LatencyProbe probe_;
    DropWatch drops_;
    runtime::Health::Condition& kafka_ready_;

    std::optional<kafka::Producer> producer_;
    bool topics_seen_ = false;
    std::vector<Refused> refused_;  // before the topics were seen
    std::chrono::steady_clock::time_point next_look_{};

    std::mutex mutex_;
    std::optional<std::string> failure_;
};

}  // namespace weir::mqtt_bridge
