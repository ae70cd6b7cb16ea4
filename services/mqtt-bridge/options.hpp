// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "config/command.hpp"
#include "kafka/options.hpp"
#include "mapping.hpp"
#include "mqtt/connection.hpp"

namespace weir::mqtt_bridge {

/// Everything an operator can set. options.cpp declares names, ranges and texts.
struct Options {
    Options() { mqtt.client_id = "mqtt-bridge"; }

    mqtt::Connection mqtt;
    std::vector<std::string> topics{"kafka-spark-integration/+"};
    std::vector<std::string> status_topics;
    mqtt::Qos qos = mqtt::Qos::at_least_once;
    std::string share;  ///< empty: every message comes to this session
    std::vector<std::string> unsubscribe;
    std::string dropped_topic;  ///< empty: none
    MessageTemplate key;
    ValueKind value = ValueKind::json;
    std::vector<HeaderRule> headers;
    Passage properties = Passage::forward;
    Passage retained = Passage::forward;
    std::string record_time;  ///< empty: the time of sending
    Bytes payload_max{256ULL << 10};
    std::uint32_t in_flight = 4'000;
    Bytes in_flight_size{std::uint64_t{64} << 20};
    std::string slots;  ///< empty: no replicas

    kafka::Options kafka;
    std::string output = "kafka-spark-integration-input";
    std::string dead_letter = "kafka-spark-integration-dead-letter";
    std::string status;  ///< empty: none

    /// Declares all of them; this object must outlive `command`.
    void declare(config::Command& command);

    /// All that is subscribed to: of readings, then of statuses.
    std::vector<std::string> filters() const;
    /// For the filters of one session.
    MappingOptions mapping(std::vector<std::string> filters) const;

    /// A filter as it is subscribed to.
    std::string subscribed(const std::string& filter) const;

private:
    void check_share(std::vector<std::string>& mistakes) const;
    void check_slots(std::vector<std::string>& mistakes) const;
    void check_status(std::vector<std::string>& mistakes) const;
    void check_unsubscribe(std::vector<std::string>& mistakes) const;
    void check_dropped_topic(std::vector<std::string>& mistakes) const;
};

}  // namespace weir::mqtt_bridge
