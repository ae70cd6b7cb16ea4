// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::mqtt_bridge {

/// What an MQTT broker says of the messages it has dropped.
///
/// Problem: a broker whose queue for an absent bridge is full drops messages that it has
/// acknowledged to their senders; nobody else can know. mosquitto counts them, for all clients
/// together, on a topic of its own.
///
/// Threads: any.
class DropWatch {
public:
    struct Report {
        std::uint64_t count;  ///< since the broker's start
        std::uint64_t rise;   ///< since it was last told; at first, all
        bool first;           ///< when the rest was dropped is not known
    };

    /// What a message with the count comes to; nothing when that is no number, or nothing new.
    std::optional<Report> see(std::string_view payload);

private:
    static constexpr std::uint64_t none = UINT64_MAX;

    std::atomic<std::uint64_t> last_ = none;
};

}  // namespace weir::mqtt_bridge
