// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace weir::device_simulator {

/// Time since the start of the simulation.
using Elapsed = std::chrono::microseconds;

/// What a device publishes.
struct Message {
    std::string device;
    std::string payload;
};

/// Where messages come from: pure, time goes in and messages come out. The same times give the same
/// messages.
class Source {
public:
    virtual ~Source() = default;

    /// When the next message is due; nothing when there are no more.
    virtual std::optional<Elapsed> next_due() const = 0;

    /// Appends the messages due until `now`, the earliest first, at most `count_max` of them.
    virtual Result<void> take(Elapsed now, std::size_t count_max, std::vector<Message>& out) = 0;

    /// Nothing was made for `pause`: what is not made yet comes that much later.
    virtual void postpone(Elapsed pause) = 0;
};

}  // namespace weir::device_simulator
