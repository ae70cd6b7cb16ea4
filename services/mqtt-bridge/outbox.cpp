// SPDX-License-Identifier: Apache-2.0
#include "outbox.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/text.hpp"
#include "kafka/dead_letter.hpp"
#include "kafka/headers.hpp"
#include "limits.hpp"
#include "refusal.hpp"
#include "topic_check.hpp"

namespace weir::mqtt_bridge {
namespace {

using namespace std::chrono_literals;

constexpr auto look_interval = 1s;
constexpr auto look_wait = 500ms;

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

Outbox::Outbox(const Options& options, runtime::Service& service, Meters& meters)
    : options_(options),
      service_(service),
      meters_(meters),
      probe_(service.metrics()),
      kafka_ready_(service.health().condition("kafka")) {}

Result<void> Outbox::open() {
    auto producer =
        kafka::Producer::open(options_.kafka, producer_settings(options_),
                              [this](const kafka::Delivery& delivery) { on_delivery(delivery); });
    if (!producer) return Error{producer.error().message};
    producer_.emplace(std::move(*producer));
    return {};
}

void Outbox::carry(const std::shared_ptr<Lane>& lane, const mqtt::Publish& message,
                   mqtt::Token token) {
    if (message.topic == options_.dropped_topic) {
        look_at_drops(message.payload);
        return lane->subscriber().acknowledge(token);
    }
    if (message.retained && options_.retained == Passage::skip && !lane->is_status(message)) {
        meters_.skipped();
        return lane->subscriber().acknowledge(token);
    }
    auto passage = std::make_unique<Carried>(Carried{lane, token});
    const auto mapped = lane->map(message);
    if (!mapped) {
        const DeadLetter letter{mapped.error().message, "map",           message.topic,
                                message.topic,          message.payload, message.payload_size};
        return bury(letter, std::move(passage));
    }
    std::vector<kafka::Header>& headers = lane->headers();
    headers.assign(mapped->headers.begin(), mapped->headers.end());
    headers.push_back({kafka::header::origin, service_.origin()});
    if (mapped->stamped) headers.push_back({kafka::header::event_time_source, "arrival"});
    if (message.duplicate) headers.push_back({kafka::header::maybe_duplicate, "true"});
    if (message.retained) headers.push_back({kafka::header::mqtt_retained, "true"});
    passage->original = {std::string(message.topic), std::string(message.payload)};
    passage->timestamp_ms = mapped->timestamp_ms;
    passage->probed = probe_.begin();
    if (mapped->is_status) meters_.status();
    const std::string& topic = mapped->is_status ? options_.status : options_.output;
    const kafka::OutgoingRecord record{.topic = topic,
                                       .key = mapped->key,
                                       .value = mapped->value,
                                       .headers = headers,
                                       .timestamp_ms = mapped->timestamp_ms};
    if (send(record, passage)) return;
    passage->original.reset();
    bury({"the record is larger than --kafka message.max.bytes allows", "send", message.topic,
          mapped->key, message.payload, message.payload_size},
         std::move(passage));
}

/// False when the record is too large. The producer's queue is never full: it has room for all that
/// may be unacknowledged. The passage is the producer's until it answers, which may be at once.
bool Outbox::send(kafka::OutgoingRecord record, std::unique_ptr<Carried>& passage) {
    record.token = reinterpret_cast<std::uint64_t>(passage.get());
    const auto sent = producer_->send(record);
    if (!sent && sent.error() == kafka::SendError::too_large) return false;
    if (sent)
        static_cast<void>(passage.release());
    else
        fail("the Kafka client takes no more records");
    return true;
}

void Outbox::bury(const DeadLetter& letter, std::unique_ptr<Carried> passage) {
    kafka::HeaderList headers;
    headers.add(kafka::header::error, std::string(letter.reason));
    headers.add(kafka::header::stage, std::string(letter.stage));
    headers.add(kafka::header::origin, service_.origin());
    headers.add(kafka::header::mqtt_topic, is_utf8(letter.mqtt_topic)
                                               ? std::string(letter.mqtt_topic)
                                               : json_quoted(letter.mqtt_topic));
    const std::string_view bytes = letter.bytes.substr(0, payload_limit.count);
    if (bytes.size() < letter.size)
        headers.add(kafka::header::original_bytes, static_cast<std::int64_t>(letter.size));
    log::debug("dead letter",
               {{"topic", json_quoted(letter.mqtt_topic)}, {"reason", std::string(letter.reason)}});
    meters_.dead(std::string(letter.stage));
    const std::vector<kafka::Header> views = headers.views();
    if (!send({.topic = options_.dead_letter, .key = letter.key, .value = bytes, .headers = views},
              passage))
        fail(
            fmt::format("a dead letter of {} bytes is larger than --kafka message.max.bytes allows",
                        bytes.size()));
}

void Outbox::on_delivery(const kafka::Delivery& delivery) {
    std::unique_ptr<Carried> passage(reinterpret_cast<Carried*>(delivery.token));
    probe_.end(std::exchange(passage->probed, {}));
    if (delivery.delivered) {
        meters_.delivered();
        return passage->lane->subscriber().acknowledge(passage->token);
    }
    const kafka::Failure& failure = *delivery.failure;
    switch (next_step(failure, passage->original.has_value())) {
        case Next::leave: return;
        case Next::send_again: return send_again(delivery, std::move(passage));
        case Next::bury:
            refused_.push_back(
                {std::move(passage), std::string(delivery.key), std::string(failure.message)});
            if (topics_seen_) bury_refused();
            return;
        case Next::stop: break;
    }
    fail(kafka::is_missing_topic(failure)
             ? fmt::format("{}; the topic has to exist, services create none", failure.message)
             : failure.message);
}

void Outbox::look_at_drops(std::string_view payload) {
    const auto report = drops_.see(payload);
    if (!report) return;
    meters_.dropped(report->count);
    log::warn(
        "the MQTT broker has dropped messages, of ours or of another client: if ours, its "
        "queue for an absent bridge is too small (mosquitto: max_queued_messages, "
        "max_queued_bytes)",
        {{"messages", report->rise}, {"since", report->first ? "its start" : "last told"}});
}

void Outbox::send_again(const kafka::Delivery& delivery, std::unique_ptr<Carried> passage) {
    meters_.repeated();
    const kafka::OutgoingRecord record{.topic = delivery.topic,
                                       .key = delivery.key,
                                       .value = delivery.value,
                                       .headers = delivery.headers,
                                       .timestamp_ms = passage->timestamp_ms};
    if (!send(record, passage)) fail(delivery.failure->message);
}

/// Once the topics were seen: a record was refused for its own sake, and not for that of its batch.
void Outbox::bury_refused() {
    for (auto& [passage, key, reason] : std::exchange(refused_, {})) {
        const Original original = *std::exchange(passage->original, std::nullopt);
        bury({reason, "deliver", original.topic, key, original.payload, original.payload.size()},
             std::move(passage));
    }
}

void Outbox::poll(std::chrono::milliseconds wait) {
    producer_->poll(wait);
    if (const auto failure = producer_->fatal()) fail(failure->message);
}

/// Ready when the topics were seen once, and as long as brokers answer from then on.
void Outbox::watch() {
    const auto time = std::chrono::steady_clock::now();
    if (time < next_look_) return;
    next_look_ = time + look_interval;
    if (!topics_seen_) return look_at_topics();
    if (producer_->reachable())
        kafka_ready_.met();
    else
        kafka_ready_.unmet("no broker can be reached");
}

void Outbox::look_at_topics() {
    const auto checked = check_topics(options_, look_wait);
    topics_seen_ = checked.ok();
    if (topics_seen_) {
        kafka_ready_.met();
        return bury_refused();
    }
    kafka_ready_.unmet(checked.error().sentence);
    if (!checked.error().may_pass) fail(checked.error().sentence);
}

void Outbox::close() {
    producer_->close(0ms);
    refused_.clear();
}

void Outbox::fail(std::string reason) {
    {
        const std::lock_guard lock(mutex_);
        if (failure_) return;
        failure_ = std::move(reason);
    }
    service_.request_stop();
}

std::optional<std::string> Outbox::failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
}

}  // namespace weir::mqtt_bridge
