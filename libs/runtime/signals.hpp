// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <initializer_list>
#include <thread>

namespace weir::runtime {

/// Turns signals into calls, in a thread of its own.
///
/// Problem: a signal handler may call almost nothing. Here the signals are blocked in every thread
/// and one thread waits for them, so that what follows is ordinary code. SIGPIPE is ignored: a
/// closed socket is an error code, not a death.
///
/// Lifetime: construct before any other thread starts; the destructor calls finish().
class SignalThread {
public:
    /// One request to stop often comes twice: a terminal or `timeout` signals the whole group, and
    /// a supervisor among it passes the signal on. What follows the first within this is an echo.
    static constexpr std::chrono::milliseconds echo_max{500};

    /// The first signal calls `on_signal`. A second one that is no echo, or `patience` passing
    /// before finish(), ends the process with code 1. Each SIGHUP before the first calls
    /// `on_hangup` if there is one, and means nothing later.
    SignalThread(std::initializer_list<int> signals, std::chrono::milliseconds patience,
                 std::function<void()> on_signal, std::chrono::milliseconds echo = echo_max,
                 std::function<void()> on_hangup = nullptr);
    ~SignalThread();
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;

    /// The work is done: signals no longer matter.
    void finish();

private:
    using Clock = std::chrono::steady_clock;

    void wait_for_signals();
    bool signal_before(Clock::time_point deadline);

    sigset_t set_;
    std::chrono::milliseconds patience_;
    std::chrono::milliseconds echo_;
    std::function<void()> on_signal_;
    std::function<void()> on_hangup_;
    std::atomic<bool> finished_ = false;
    std::thread thread_;
};

}  // namespace weir::runtime
