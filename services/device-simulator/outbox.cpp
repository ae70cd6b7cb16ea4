// SPDX-License-Identifier: Apache-2.0
#include "outbox.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>

#include "base/log.hpp"

namespace weir::device_simulator {
namespace {

runtime::Counter dropped_counter(runtime::Metrics& metrics, const std::string& reason) {
    return metrics.counter("weir_records_dropped_total", "Readings that were not published.",
                           {{"reason", reason}});
}

/// With --client-id left alone, one that two simulators do not share.
std::string client_id(const Options& options, std::string origin) {
    if (options.mqtt.client_id != Options::client_id_default) return options.mqtt.client_id;
    std::replace(origin.begin(), origin.end(), '/', '-');
    return origin;
}

}  // namespace

Outbox::Outbox(const Options& options, runtime::Service& service)
    : options_(options),
      service_(service),
      ready_(service.health().condition("mqtt")),
      published_(service.metrics().counter("weir_records_out_total",
                                           "Readings the MQTT broker has; at QoS 0, sent to it.")),
      dropped_away_(dropped_counter(service.metrics(), "broker_away")),
      dropped_unanswered_(dropped_counter(service.metrics(), "connection_lost")),
      dropped_refused_(dropped_counter(service.metrics(), "refused")),
      dropped_stopped_(dropped_counter(service.metrics(), "stopped")),
      queued_(service.metrics().gauge("weir_queue_records", "Readings that wait for the broker.")),
      in_flight_(service.metrics().gauge("weir_in_flight_records",
                                         "Readings sent and not yet answered.")) {
    for (std::uint32_t i = 0; i < options.connections; ++i)
        lines_.push_back(std::make_unique<Line>());
    // From here on the lines are looked at by the publishers' threads, too.
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        Line& line = *lines_[i];
        mqtt::PublisherOptions publisher{options.mqtt, options.in_flight, options.status_topic};
        publisher.connection.client_id = client_id(options, service.origin());
        if (i > 0) publisher.connection.client_id += fmt::format("-{}", i + 1);
        line.publisher = std::make_unique<mqtt::Publisher>(
            std::move(publisher),
            [this, &line](bool connected) { on_connection(line, connected); });
    }
    on_stop_.emplace(service.stop(), [this] { wake(); });
}

Outbox::~Outbox() {
    on_stop_.reset();
    // Ends the publishers' threads before what they use goes.
    for (const auto& line : lines_)
        line->publisher.reset();
}

std::size_t Outbox::room() const {
    return waiting_ < options_.queue ? options_.queue - waiting_ : 0;
}

Outbox::Line& Outbox::line_of(std::string_view device) {
    return *lines_[std::hash<std::string_view>{}(device) % lines_.size()];
}

void Outbox::add(Message message) {
    line_of(message.device).waiting.push_back(std::move(message));
    ++waiting_;
}

void Outbox::pump() {
    blocked_ = false;
    for (const auto& line : lines_) {
        take_back(*line);
        pump(*line);
    }
}

/// Call with mutex_ held.
void Outbox::all_returned(Line& line) {
    line.returned.insert(line.returned.end(), std::make_move_iterator(line.returning.begin()),
                         std::make_move_iterator(line.returning.end()));
    line.returning.clear();
}

/// Only all at once, or a part would come to stand before the one that came back earlier.
void Outbox::take_back(Line& line) {
    const std::lock_guard lock(mutex_);
    waiting_ += line.returned.size();
    line.waiting.insert(line.waiting.begin(), std::make_move_iterator(line.returned.begin()),
                        std::make_move_iterator(line.returned.end()));
    line.returned.clear();
}

void Outbox::pump(Line& line) {
    while (!line.waiting.empty()) {
        const Message& message = line.waiting.front();
        const std::string topic = fmt::format("{}/{}", options_.topic_prefix, message.device);
        // Set before the attempt: an answer that comes right after a refusal must be noticed.
        blocked_ = true;
        ++unanswered_;
        const auto sent = line.publisher->publish(
            topic, message.payload, options_.qos,
            options_.retain ? mqtt::Retain::yes : mqtt::Retain::no, completion(line, message));
        if (!sent) --unanswered_;
        if (!sent && sent.error() == mqtt::PublishError::queue_full) return;
        const bool away = !sent && sent.error() == mqtt::PublishError::not_connected;
        if (away && options_.qos != mqtt::Qos::at_most_once) return;
        if (away) {
            dropped_away_.add();
            ++dropped_since_;
        } else if (!sent) {
            dropped_refused_.add();
        }
        line.waiting.pop_front();
        --waiting_;
    }
    blocked_ = false;
}

/// At QoS 0 nothing is published twice, so nothing needs to be kept.
mqtt::Publisher::Completion Outbox::completion(Line& line, const Message& message) {
    std::shared_ptr<Message> kept;
    if (options_.qos != mqtt::Qos::at_most_once) kept = std::make_shared<Message>(message);
    return [this, &line, kept = std::move(kept)](mqtt::Fate fate, std::string_view reason) {
        answered(line, fate, reason, kept);
    };
}

void Outbox::answered(Line& line, mqtt::Fate fate, std::string_view reason,
                      const std::shared_ptr<Message>& message) {
    switch (fate) {
        case mqtt::Fate::acknowledged: published_.add(); break;
        case mqtt::Fate::refused:
            dropped_refused_.add();
            if (!refusal_told_.exchange(true))
                log::warn("the MQTT broker refuses readings", {{"reason", reason}});
            break;
        case mqtt::Fate::unknown:
            if (message) {
                const std::lock_guard lock(mutex_);
                line.returning.push_back(std::move(*message));
            } else {
                dropped_unanswered_.add();
                ++dropped_since_;
            }
            break;
    }
    --unanswered_;
    if (blocked_.exchange(false)) wake();
}

void Outbox::on_connection(Line& line, bool connected) {
    {
        const std::lock_guard lock(mutex_);
        if (!connected) all_returned(line);
        line.connected = connected;
        line.ever_connected = line.ever_connected || connected;
        if (std::all_of(lines_.begin(), lines_.end(),
                        [](const auto& each) { return each->connected; }))
            ready_.met();
        else
            ready_.unmet("no connection to the MQTT broker");
    }
    const std::uint64_t dropped = connected ? dropped_since_.exchange(0) : 0;
    if (dropped > 0)
        log::warn("readings were dropped while the MQTT broker was away", {{"readings", dropped}});
    wake();
}

void Outbox::wake() {
    const std::lock_guard lock(mutex_);
    wake_ = true;
    changed_.notify_all();
}

bool Outbox::idle() const {
    if (waiting_ > 0 || unanswered_ > 0) return false;
    const std::lock_guard lock(mutex_);
    return std::all_of(lines_.begin(), lines_.end(), [](const auto& line) {
        return line->returning.empty() && line->returned.empty();
    });
}

bool Outbox::started() const {
    const std::lock_guard lock(mutex_);
    return std::all_of(lines_.begin(), lines_.end(),
                       [](const auto& line) { return line->ever_connected; });
}

void Outbox::wait_until(Clock::time_point time) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, time, [this] { return wake_ || service_.stop().stop_requested(); });
    wake_ = false;
}

void Outbox::close(std::chrono::milliseconds wait) {
    const Clock::time_point deadline = Clock::now() + wait;
    for (const auto& line : lines_)
        line->publisher->close(
            std::max(std::chrono::milliseconds{0},
                     std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now())));
    for (const auto& line : lines_) {
        {
            const std::lock_guard lock(mutex_);
            all_returned(*line);
        }
        take_back(*line);
    }
    if (waiting_ == 0) return;
    dropped_stopped_.add(waiting_);
    log::warn("stopped with readings that the MQTT broker has not taken", {{"readings", waiting_}});
}

void Outbox::update_gauges() {
    queued_.set(static_cast<double>(waiting_));
    in_flight_.set(static_cast<double>(unanswered_));
}

}  // namespace weir::device_simulator
