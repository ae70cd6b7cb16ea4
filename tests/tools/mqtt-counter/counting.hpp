// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace weir::mqtt_counter {

/// What both ways of counting do: subscribe at QoS 1 with MQTT 5 in a session that the broker
/// keeps, acknowledge each message as it comes, and forget it.
struct Work {
    std::string host;
    std::uint16_t port = 0;
    std::string filter;
    std::uint64_t wanted = 0;  ///< this many messages are announced
};

/// As mqtt-bridge asks for: half of its --in-flight.
constexpr std::uint16_t receive_max = 2'000;

/// Counts messages and says on standard output when the last that was wanted has come.
class Tally {
public:
    explicit Tally(std::uint64_t wanted) : wanted_(wanted) {}
    void subscribed();
    void add();

private:
    const std::uint64_t wanted_;
    std::atomic<std::uint64_t> count_ = 0;
};

/// Both count until the process is ended. They return what went wrong.
std::string count_with_own_session(const Work& work, Tally& tally);
std::string count_with_paho(const Work& work, Tally& tally);

}  // namespace weir::mqtt_counter
