// SPDX-License-Identifier: Apache-2.0
#include "wake_up.hpp"

#include <sys/eventfd.h>

#include <cstdint>

#include "base/assert.hpp"

namespace weir::serial_reader {

WakeUp::WakeUp() : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    WEIR_ASSERT(static_cast<bool>(event_), "a process that just started has a descriptor to spare");
}

void WakeUp::ring() const {
    // It fails only when the counter is full, and then the descriptor is readable already.
    const std::uint64_t once = 1;
    [[maybe_unused]] const ssize_t written = write(event_.get(), &once, sizeof once);
}

void WakeUp::quiet() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t taken = read(event_.get(), &count, sizeof count);
}

}  // namespace weir::serial_reader
