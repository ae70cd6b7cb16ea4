// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mqtt/publisher.hpp"
#include "options.hpp"
#include "outbox.hpp"
#include "reading_buffer.hpp"
#include "runtime/service.hpp"
#include "wake_up.hpp"

namespace weir::serial_reader {

/// Publishes what the buffer holds, in order, and releases what the broker has acknowledged.
///
/// What a lost connection left unanswered is sent again; so is a reading that the broker refused,
/// after a wait, for the reason (a right that is missing, a quota) concerns all the others too. A
/// gap record that is refused is given up: it was logged and counted.
///
/// Threads: one, besides the publisher's, which hand over answers and ring `wake_up`.
/// Lifetime: `options`, `buffer`, `service` and `wake_up` outlive it. close() once.
class Sender {
public:
    using Clock = std::chrono::steady_clock;

    Sender(const Options& options, ReadingBuffer& buffer, runtime::Service& service,
           const WakeUp& wake_up);

    /// Takes answers, releases, sends what there is room for.
    void step(Clock::time_point now);

    /// When step() is to be called without being woken, if the broker refused something.
    [[nodiscard]] Clock::time_point due() const { return paused_until_; }

    /// Waits a moment for answers and leaves the rest to the next start.
    void close();

private:
    struct Answer {
        Sequence first;
        mqtt::Fate fate;
        bool is_gap;
        std::string reason;
    };

    /// False when there is nothing more to send now.
    bool send_next();
    bool publish(Sequence first, Sequence last, const std::optional<EventTime>& time,
                 const std::string& topic, const std::string& payload);
    void take_answers(Clock::time_point now);
    Outbox::Answer judge(const Answer& answer, Clock::time_point now);

    const Options& options_;
    ReadingBuffer& buffer_;
    const WakeUp& wake_up_;
    Outbox outbox_;
    Clock::time_point paused_until_ = Clock::time_point::max();
    std::chrono::milliseconds pause_{0};
    bool cursor_fails_ = false;

    runtime::Health::Condition& broker_condition_;
    runtime::Counter records_out_;
    runtime::Counter gaps_;
    runtime::Counter refused_;
    runtime::Counter resent_;
    runtime::Gauge waiting_;
    runtime::Gauge in_flight_;

    std::mutex mutex_;
    std::vector<Answer> answers_;                 // guarded by mutex_
    std::unique_ptr<mqtt::Publisher> publisher_;  // last: its threads use the rest
};

}  // namespace weir::serial_reader
