// SPDX-License-Identifier: Apache-2.0
#include "sender.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "payload.hpp"

namespace weir::serial_reader {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds pause_first = 1s;
constexpr std::chrono::milliseconds pause_max = 30s;
constexpr std::chrono::milliseconds close_wait = 1s;

}  // namespace

Sender::Sender(const Options& options, ReadingBuffer& buffer, runtime::Service& service,
               const WakeUp& wake_up)
    : options_(options),
      buffer_(buffer),
      wake_up_(wake_up),
      outbox_(buffer.released_to(), buffer.released_time(), options.in_flight),
      broker_condition_(service.health().condition("mqtt")),
      records_out_(service.metrics().counter("weir_records_out_total",
                                             "Readings the MQTT broker has acknowledged, repeats "
                                             "included.")),
      gaps_(service.metrics().counter("weir_gap_records_total",
                                      "Gap records the MQTT broker has answered.")),
      refused_(service.metrics().counter("weir_errors_total", "Failures by stage and kind.",
                                         {{"stage", "publish"}, {"kind", "refused"}})),
      resent_(service.metrics().counter("weir_errors_total", "Failures by stage and kind.",
                                        {{"stage", "publish"}, {"kind", "unanswered"}})),
      waiting_(service.metrics().gauge("weir_buffer_records",
                                       "Readings not yet acknowledged by the MQTT broker.")),
      in_flight_(service.metrics().gauge("weir_in_flight_records",
                                         "Messages sent and not yet answered.")) {
    broker_condition_.unmet("not connected yet");
    publisher_ = std::make_unique<mqtt::Publisher>(
        mqtt::PublisherOptions{options.connection(), options.in_flight, options.status_topic},
        [this](bool connected) {
            connected ? broker_condition_.met()
                      : broker_condition_.unmet("the connection was lost");
            wake_up_.ring();
        });
}

void Sender::step(Clock::time_point now) {
    take_answers(now);
    if (now >= paused_until_) paused_until_ = Clock::time_point::max();
    if (paused_until_ == Clock::time_point::max())
        while (send_next()) {
        }
    waiting_.set(static_cast<double>(buffer_.end() - buffer_.released_to()));
    in_flight_.set(static_cast<double>(outbox_.in_flight()));
}

bool Sender::send_next() {
    const auto first = outbox_.next();
    if (!first || !publisher_->connected()) return false;
    const ReadingBuffer::Item item = buffer_.at(*first);
    if (const auto* reading = std::get_if<Reading>(&item)) {
        return publish(*first, *first, reading->time, options_.topic(),
                       payload_of(*reading, options_.device, options_.payload));
    }
    if (const auto* gap = std::get_if<Gap>(&item)) {
        std::optional<EventTime> before;
        const ReadingBuffer::Item after_gap = buffer_.at(gap->last + 1);
        if (const auto* reading = std::get_if<Reading>(&after_gap)) before = reading->time;
        return publish(*first, gap->last, std::nullopt, options_.gap_topic(),
                       payload_of(*gap, options_.device, outbox_.time_before_next(), before));
    }
    return false;
}

bool Sender::publish(Sequence first, Sequence last, const std::optional<EventTime>& time,
                     const std::string& topic, const std::string& payload) {
    const bool is_gap = !time.has_value();
    const auto taken =
        publisher_->publish(topic, payload, options_.qos, mqtt::Retain::no,
                            [this, first, is_gap](mqtt::Fate fate, std::string_view reason) {
                                const std::lock_guard lock(mutex_);
                                answers_.push_back({first, fate, is_gap, std::string(reason)});
                                wake_up_.ring();
                            });
    if (!taken) {
        const mqtt::PublishError error = taken.error();
        WEIR_ASSERT(
            error != mqtt::PublishError::bad_topic && error != mqtt::PublishError::too_large,
            "the options refuse topics that cannot be published to");
        return false;  // no connection or no room: the publisher rings when that changes
    }
    outbox_.sent(last, time);
    if (is_gap)
        log::warn("readings are missing, the broker is told so",
                  {{"first", first}, {"last", last}, {"topic", topic}});
    return true;
}

void Sender::take_answers(Clock::time_point now) {
    std::vector<Answer> answers;
    {
        const std::lock_guard lock(mutex_);
        answers.swap(answers_);
    }
    std::optional<Outbox::Released> released;
    for (const Answer& answer : answers) {
        if (const auto moved = outbox_.answered(answer.first, judge(answer, now))) released = moved;
    }
    if (!released) return;
    const auto kept = buffer_.release(released->sequence, released->time);
    if (!kept && !cursor_fails_)
        log::error("what was sent cannot be noted, a restart would send it again",
                   {{"reason", kept.error().message}});
    cursor_fails_ = !kept;
}

Outbox::Answer Sender::judge(const Answer& answer, Clock::time_point now) {
    if (answer.fate == mqtt::Fate::acknowledged) {
        (answer.is_gap ? gaps_ : records_out_).add();
        if (pause_ > 0ms) broker_condition_.met();
        pause_ = 0ms;
        return Outbox::Answer::taken;
    }
    if (answer.fate == mqtt::Fate::unknown) {
        resent_.add();
        return Outbox::Answer::not_taken;
    }
    refused_.add();
    if (answer.is_gap) {
        log::warn("the broker refused a gap record", {{"reason", answer.reason}});
        gaps_.add();
        return Outbox::Answer::taken;
    }
    if (paused_until_ == Clock::time_point::max()) {
        if (pause_ == 0ms)
            log::error("the broker refuses readings, they are kept and tried again",
                       {{"reason", answer.reason}, {"topic", options_.topic()}});
        broker_condition_.unmet("the broker refuses readings: " + answer.reason);
        pause_ = std::clamp(2 * pause_, pause_first, pause_max);
        paused_until_ = now + pause_;
    }
    return Outbox::Answer::not_taken;
}

void Sender::close() {
    publisher_->close(close_wait);
    take_answers(Clock::now());
}

}  // namespace weir::serial_reader
