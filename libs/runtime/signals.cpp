// SPDX-License-Identifier: Apache-2.0
#include "runtime/signals.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.hpp"
#include "base/units.hpp"

namespace weir::runtime {

SignalThread::SignalThread(std::initializer_list<int> signals, std::chrono::milliseconds patience,
                           std::function<void()> on_signal, std::chrono::milliseconds echo,
                           std::function<void()> on_hangup)
    : patience_(patience),
      echo_(echo),
      on_signal_(std::move(on_signal)),
      on_hangup_(std::move(on_hangup)) {
    sigemptyset(&set_);
    for (const int signal : signals)
        sigaddset(&set_, signal);
    if (on_hangup_) sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    thread_ = std::thread([this] { wait_for_signals(); });
}

SignalThread::~SignalThread() { finish(); }

void SignalThread::finish() {
    if (finished_.exchange(true)) return;
    // Wakes the thread out of its wait. It is blocked there, so nothing is terminated by it.
    pthread_kill(thread_.native_handle(), SIGTERM);  // NOLINT(bugprone-bad-signal-to-kill-thread)
    thread_.join();
}

void SignalThread::wait_for_signals() {
    int signal = 0;
    while (true) {
        sigwait(&set_, &signal);
        if (finished_) return;
        if (signal != SIGHUP || !on_hangup_) break;
        on_hangup_();
    }
    const Clock::time_point asked = Clock::now();
    log::info("stopping", {{"signal", signal}});
    on_signal_();

    bool second = false;
    do {
        second = signal_before(asked + patience_);
        if (finished_) return;
    } while (second && Clock::now() < asked + echo_);
    if (second)
        log::error("a second signal came while stopping; leaving at once");
    else
        log::error("the stop took longer than --stop-timeout; leaving at once",
                   {{"stop_timeout", format_duration(patience_)}});
    ::_exit(1);
}

/// Waits for a signal of the set; false when the deadline came first.
bool SignalThread::signal_before(Clock::time_point deadline) {
    while (true) {
        const auto left = std::max(Clock::duration::zero(), deadline - Clock::now());
        const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
        const timespec wait{.tv_sec = seconds.count(),
                            .tv_nsec = std::chrono::nanoseconds(left - seconds).count()};
        const int signal = sigtimedwait(&set_, nullptr, &wait);
        if (signal > 0 && (signal != SIGHUP || !on_hangup_)) return true;
        // A process that was suspended and goes on comes out of the wait early.
        if (signal < 0 && errno != EINTR) return false;
    }
}

}  // namespace weir::runtime
