// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/command.hpp"
#include "fleet.hpp"
#include "mqtt/connection.hpp"

namespace weir::device_simulator {

/// Everything an operator can set. options.cpp declares names, ranges and texts.
struct Options {
    Options() { mqtt.client_id = client_id_default; }

    static constexpr const char* client_id_default = "device-simulator";

    std::vector<std::string> device;
    std::uint32_t devices = 1;
    std::string device_prefix = "device";
    std::chrono::microseconds interval = std::chrono::milliseconds(330);
    std::uint64_t count = 0;
    std::optional<std::uint64_t> seed;
    PayloadForm payload = PayloadForm::number;
    ValueModel value;
    DelayModel delay;
    std::string replay;
    double speed = 1;

    mqtt::Connection mqtt;
    std::uint32_t connections = 1;
    std::string topic_prefix = "kafka-spark-integration";
    std::string status_topic;  ///< empty: none
    mqtt::Qos qos = mqtt::Qos::at_most_once;
    bool retain = false;
    std::uint32_t in_flight = 1'000;
    std::uint32_t queue = 10'000;

    /// Declares all of them; this object must outlive `command`.
    void declare(config::Command& command);

    /// The devices by name, given or numbered.
    [[nodiscard]] std::vector<std::string> names() const;
};

}  // namespace weir::device_simulator
