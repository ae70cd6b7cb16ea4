// SPDX-License-Identifier: Apache-2.0
#include "bridge.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <vector>

#include "base/log.hpp"
#include "base/text.hpp"
#include "kafka/dead_letter.hpp"
#include "kafka/headers.hpp"
#include "limits.hpp"
#include "topic_check.hpp"

namespace weir::mqtt_bridge {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_wait = 100ms;
constexpr auto look_interval = 1s;
constexpr auto look_wait = 500ms;

EventTime now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

MappingOptions mapping_options(const Options& options) {
    return {options.topics, options.key, options.payload_max.count};
}

mqtt::SubscriberOptions subscriber_options(const Options& options) {
    mqtt::SubscriberOptions result;
    result.connection = options.mqtt;
    for (const std::string& filter : options.topics)
        result.subscriptions.push_back({filter, options.qos});
    result.unacknowledged_max = options.in_flight;
    result.unacknowledged_bytes_max = options.in_flight_size;
    result.packet_bytes_max = packet_bytes_max;
    return result;
}

/// Room for all that may be unacknowledged, with what we and librdkafka add to each message.
kafka::ProducerSettings producer_settings(const Options& options) {
    constexpr std::size_t added_bytes = 1'024;
    kafka::ProducerSettings settings;
    settings.client_id = "mqtt-bridge";
    settings.queue_records_max = options.in_flight + 1'000;
    settings.queue_bytes_max = Bytes{options.in_flight_size.count +
                                     options.in_flight * added_bytes + 2 * packet_bytes_max};
    return settings;
}

}  // namespace

Bridge::Bridge(const Options& options, runtime::Service& service)
    : options_(options),
      service_(service),
      meters_(service.metrics()),
      probe_(service.metrics()),
      mqtt_ready_(service.health().condition("mqtt")),
      kafka_ready_(service.health().condition("kafka")),
      mapper_(mapping_options(options)) {}

Result<void> Bridge::open_producer() {
    auto producer =
        kafka::Producer::open(options_.kafka, producer_settings(options_),
                              [this](const kafka::Delivery& delivery) { on_delivery(delivery); });
    if (!producer) return Error{producer.error().message};
    producer_.emplace(std::move(*producer));
    return {};
}

Result<void> Bridge::run() {
    if (auto opened = open_producer(); !opened) return opened;
    // At once, also without Kafka: the MQTT broker queues for us only what comes after this.
    subscriber_ = std::make_unique<mqtt::Subscriber>(
        subscriber_options(options_),
        [this](const mqtt::Publish& message, mqtt::Token token) { on_message(message, token); },
        [this](bool subscribed, std::string_view reason) { on_state(subscribed, reason); });
    while (!service_.stop().stop_requested()) {
        poll();
        watch_kafka();
    }
    stop();
    const std::lock_guard lock(mutex_);
    if (failure_) return Error{*failure_};
    return {};
}

void Bridge::poll() {
    producer_->poll(poll_wait);
    meters_.update(subscriber_->stats());
    if (const auto failure = producer_->fatal()) fail(failure->message);
}

/// Ready when the topics were seen once, and as long as brokers answer from then on.
void Bridge::watch_kafka() {
    const auto time = std::chrono::steady_clock::now();
    if (time < next_look_) return;
    next_look_ = time + look_interval;
    if (!topics_seen_) return look_at_topics();
    if (producer_->reachable())
        kafka_ready_.met();
    else
        kafka_ready_.unmet("no broker can be reached");
}

void Bridge::look_at_topics() {
    const auto checked = check_topics(options_, look_wait);
    topics_seen_ = checked.ok();
    if (topics_seen_) return kafka_ready_.met();
    kafka_ready_.unmet(checked.error().sentence);
    if (!checked.error().may_pass) fail(checked.error().sentence);
}

/// Kafka's answers are polled on while the subscriber waits for them.
void Bridge::stop() {
    subscriber_->finish(drain_max);
    while (!subscriber_->ended())
        producer_->poll(10ms);
    meters_.update(subscriber_->stats());
    if (const std::uint64_t left = subscriber_->stats().unacknowledged; left > 0)
        log::warn("stopped before Kafka confirmed everything; the MQTT broker will send it again",
                  {{"messages", left}});
    producer_->close(0ms);
}

void Bridge::on_state(bool subscribed, std::string_view reason) {
    if (subscribed)
        mqtt_ready_.met();
    else
        mqtt_ready_.unmet(std::string(reason));
}

void Bridge::on_message(const mqtt::Publish& message, mqtt::Token token) {
    const auto number = static_cast<std::uint64_t>(token);
    const auto mapped = mapper_.map(message.topic, message.payload, message.payload_size, now());
    if (!mapped) {
        const DeadLetter letter{mapped.error().message, "map",           message.topic,
                                message.topic,          message.payload, message.payload_size};
        return bury(letter, number);
    }
    std::array<kafka::Header, 4> headers;
    std::size_t count = 0;
    headers[count++] = {kafka::header::origin, service_.origin()};
    if (mapped->stamped) headers[count++] = {kafka::header::event_time_source, "arrival"};
    if (message.duplicate) headers[count++] = {kafka::header::maybe_duplicate, "true"};
    if (message.retained) headers[count++] = {kafka::header::mqtt_retained, "true"};
    probe_.sent(number);
    keep_original(number, message);  // before the record: its answer may come at once
    const kafka::OutgoingRecord record{.topic = options_.output,
                                       .key = mapped->key,
                                       .value = mapped->value,
                                       .headers = std::span(headers).first(count),
                                       .token = number};
    if (send(record)) return;
    take_original(number);
    bury({"the record is larger than --kafka message.max.bytes allows", "send", message.topic,
          mapped->key, message.payload, message.payload_size},
         number);
}

/// False when the record is too large. The producer's queue is never full: it has room for all that
/// may be unacknowledged.
bool Bridge::send(const kafka::OutgoingRecord& record) {
    const auto sent = producer_->send(record);
    if (!sent && sent.error() == kafka::SendError::too_large) return false;
    if (!sent) fail("the Kafka client takes no more records");
    return true;
}

void Bridge::bury(const DeadLetter& letter, std::uint64_t token) {
    kafka::HeaderList headers;
    headers.add(kafka::header::error, std::string(letter.reason));
    headers.add(kafka::header::stage, std::string(letter.stage));
    headers.add(kafka::header::origin, service_.origin());
    headers.add(kafka::header::mqtt_topic, std::string(letter.mqtt_topic));
    const std::string_view bytes = letter.bytes.substr(0, payload_limit.count);
    if (bytes.size() < letter.size)
        headers.add(kafka::header::original_bytes, static_cast<std::int64_t>(letter.size));
    log::debug("dead letter",
               {{"topic", json_quoted(letter.mqtt_topic)}, {"reason", std::string(letter.reason)}});
    meters_.dead(std::string(letter.stage));
    const std::vector<kafka::Header> views = headers.views();
    if (!send({.topic = options_.dead_letter,
               .key = letter.key,
               .value = bytes,
               .headers = views,
               .token = token}))
        fail(
            fmt::format("a dead letter of {} bytes is larger than --kafka message.max.bytes allows",
                        bytes.size()));
}

void Bridge::keep_original(std::uint64_t token, const mqtt::Publish& message) {
    Original original{std::string(message.topic), std::string(message.payload)};
    const std::lock_guard lock(mutex_);
    originals_.emplace(token, std::move(original));
}

/// Nothing when what was sent with this token is a dead letter.
std::optional<Bridge::Original> Bridge::take_original(std::uint64_t token) {
    const std::lock_guard lock(mutex_);
    const auto node = originals_.extract(token);
    if (node.empty()) return std::nullopt;
    return std::move(node.mapped());
}

void Bridge::on_delivery(const kafka::Delivery& delivery) {
    probe_.answered(delivery.token);
    const std::optional<Original> original = take_original(delivery.token);
    if (delivery.delivered) {
        meters_.delivered();
        return subscriber_->acknowledge(mqtt::Token{delivery.token});
    }
    if (delivery.failure->meaning == kafka::Meaning::needs_abort) return;  // we are closing
    // The producer itself waits for brokers to come back; what it gives up is a missing topic.
    if (delivery.failure->meaning == kafka::Meaning::retriable)
        return fail(fmt::format("{}; the topic has to exist, services create none",
                                delivery.failure->message));
    if (delivery.failure->meaning != kafka::Meaning::rejected || !original)
        return fail(delivery.failure->message);
    // Refused for its own sake, and not for that of its batch?
    if (!topics_seen_) look_at_topics();
    if (failed()) return;
    bury({delivery.failure->message, "deliver", original->topic, delivery.key, original->payload,
          original->payload.size()},
         delivery.token);
}

bool Bridge::failed() {
    const std::lock_guard lock(mutex_);
    return failure_.has_value();
}

/// The message stays unacknowledged, so the MQTT broker has it for the next start.
void Bridge::fail(std::string reason) {
    {
        const std::lock_guard lock(mutex_);
        if (failure_) return;
        failure_ = std::move(reason);
    }
    service_.request_stop();
}

}  // namespace weir::mqtt_bridge
