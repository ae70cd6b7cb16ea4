// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "mqtt/publisher.hpp"
#include "options.hpp"
#include "runtime/service.hpp"
#include "source.hpp"

namespace weir::device_simulator {

/// Publishes messages over one connection or a few, a device always over the same one.
///
/// Problem: what becomes of readings while the broker is away must be known. At QoS 0 they are
/// dropped and counted, as a device that cannot store them would. At QoS 1 and 2 they wait, and
/// what a lost connection left without an answer is published again before what is younger; when
/// `--queue` is full there is no room, and the devices wait.
///
/// Threads: one, but for wait_until() returning early through the publishers' threads.
class Outbox {
public:
    using Clock = std::chrono::steady_clock;

    Outbox(const Options& options, runtime::Service& service);
    ~Outbox();
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    /// How many messages add() would take now.
    std::size_t room() const;

    void add(Message message);

    /// Publishes what can be published.
    void pump();

    /// Nothing waits and nothing is unanswered.
    bool idle() const;

    /// Whether every connection has come about at least once.
    bool started() const;

    /// Sleeps until `time`, or until there is something to pump, or until a stop is requested.
    void wait_until(Clock::time_point time);

    /// Waits at most `wait` for answers on all connections, then counts what is left as dropped.
    void close(std::chrono::milliseconds wait);

    void update_gauges();

private:
    struct Line {
        std::unique_ptr<mqtt::Publisher> publisher;
        std::deque<Message> waiting;
        // Unanswered when their connection ended, in order: those that came back so far, and once
        // that were all, to be taken by take_back(). Under mutex_.
        std::vector<Message> returning;
        std::vector<Message> returned;
        bool connected = false;       // under mutex_
        bool ever_connected = false;  // under mutex_
    };

    Line& line_of(std::string_view device);
    void pump(Line& line);
    mqtt::Publisher::Completion completion(Line& line, const Message& message);
    void on_connection(Line& line, bool connected);
    void answered(Line& line, mqtt::Fate fate, std::string_view reason,
                  const std::shared_ptr<Message>& message);
    static void all_returned(Line& line);
    void take_back(Line& line);
    void wake();

    const Options& options_;
    runtime::Service& service_;
    runtime::Health::Condition& ready_;
    runtime::Counter published_;
    runtime::Counter dropped_away_;
    runtime::Counter dropped_unanswered_;
    runtime::Counter dropped_refused_;
    runtime::Counter dropped_stopped_;
    runtime::Gauge queued_;
    runtime::Gauge in_flight_;
    std::atomic<std::uint64_t> dropped_since_{0};  // the last report
    std::atomic<bool> refusal_told_ = false;

    std::size_t waiting_ = 0;  // on all lines
    std::atomic<std::size_t> unanswered_ = 0;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<bool> blocked_ = false;  // an answer makes something to pump
    bool wake_ = false;
    std::vector<std::unique_ptr<Line>> lines_;
    std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace weir::device_simulator
