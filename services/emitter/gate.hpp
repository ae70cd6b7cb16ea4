// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>

namespace weir::emitter {

/// Lets only so many pieces of work be under way between two threads.
///
/// Problem: Kafka delivers faster than sockets take it; without a bound the work would pile up in
/// memory between the two.
///
/// Threads: any.
class Gate {
public:
    explicit Gate(std::size_t places) : places_(places) {}

    /// Waits for a place; false when `stop` was requested first.
    [[nodiscard]] bool enter(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, stop, [this] { return places_ > 0; })) return false;
        --places_;
        return true;
    }

    void leave() {
        const std::scoped_lock lock(mutex_);
        ++places_;
        changed_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::size_t places_;
};

}  // namespace weir::emitter
