// SPDX-License-Identifier: Apache-2.0
#include "runtime/signals.hpp"

#include <unistd.h>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "base/units.hpp"

namespace weir::runtime {

SignalThread::SignalThread(std::initializer_list<int> signals, std::chrono::milliseconds patience,
                           std::function<void()> on_signal)
    : patience_(patience), on_signal_(std::move(on_signal)) {
    sigemptyset(&set_);
    for (const int signal : signals)
        sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    thread_ = std::thread([this] { wait_for_signals(); });
}

SignalThread::~SignalThread() {
    WEIR_ASSERT(finished_, "the signal thread was destroyed while it was still in charge");
}

void SignalThread::finish() {
    if (finished_.exchange(true)) return;
    pthread_kill(thread_.native_handle(), SIGTERM);  // wakes the thread out of its wait
    thread_.join();
}

void SignalThread::wait_for_signals() {
    int signal = 0;
    sigwait(&set_, &signal);
    if (finished_) return;
    log::info("stopping", {{"signal", signal}});
    on_signal_();

    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience_);
    const timespec patience{.tv_sec = seconds.count(),
                            .tv_nsec = std::chrono::nanoseconds(patience_ - seconds).count()};
    const int second = sigtimedwait(&set_, nullptr, &patience);
    if (finished_) return;
    if (second > 0)
        log::error("a second signal came while stopping; leaving at once");
    else
        log::error("the stop took longer than --stop-timeout; leaving at once",
                   {{"stop_timeout", format_duration(patience_)}});
    ::_exit(1);
}

}  // namespace weir::runtime
