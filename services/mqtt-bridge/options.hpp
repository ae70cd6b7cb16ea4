// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "config/command.hpp"
#include "kafka/options.hpp"
#include "key_template.hpp"
#include "mqtt/connection.hpp"

namespace weir::mqtt_bridge {

/// Everything an operator can set. options.cpp declares names, ranges and texts.
struct Options {
    Options() { mqtt.client_id = "mqtt-bridge"; }

    mqtt::Connection mqtt;
    std::vector<std::string> topics{"kafka-spark-integration/+"};
    mqtt::Qos qos = mqtt::Qos::at_least_once;
    KeyTemplate key;
    Bytes payload_max{256ULL << 10};
    std::uint32_t in_flight = 4'000;
    Bytes in_flight_size{std::uint64_t{64} << 20};
    std::string slots;  ///< empty: no replicas

    kafka::Options kafka;
    std::string output = "kafka-spark-integration-input";
    std::string dead_letter = "kafka-spark-integration-dead-letter";

    /// Declares all of them; this object must outlive `command`.
    void declare(config::Command& command);

private:
    void check_slots(std::vector<std::string>& mistakes) const;
};

}  // namespace weir::mqtt_bridge
