// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace weir::emitter {

/// Lets only so many pieces of work be under way between two threads.
///
/// Problem: Kafka delivers faster than sockets take it; without a bound the work would pile up in
/// memory between the two.
///
/// Threads: one enters, any leaves.
class Gate {
public:
    explicit Gate(std::size_t places) : places_(places) {}

    /// Waits for a place; false when there is none in time. Only who enters takes it.
    [[nodiscard]] bool wait(std::chrono::milliseconds timeout) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, timeout, [this] { return places_ > 0; });
    }

    /// After wait(), by the one thread that does both.
    void enter() {
        const std::scoped_lock lock(mutex_);
        --places_;
    }

    void leave() {
        const std::scoped_lock lock(mutex_);
        ++places_;
        changed_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t places_;
};

}  // namespace weir::emitter
