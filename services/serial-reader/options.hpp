// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/types.hpp"
#include "config/command.hpp"
#include "mqtt/connection.hpp"
#include "payload.hpp"
#include "serial_port.hpp"

namespace weir::serial_reader {

/// Everything an operator can set. options.cpp declares names, ranges and texts.
struct Options {
    std::string port = "/dev/ttyACM0";
    std::uint32_t baud = 9600;
    Framing framing;
    std::uint32_t decimals = 2;
    Bytes line_max{256};
    std::chrono::milliseconds silence = std::chrono::seconds(15);
    std::chrono::milliseconds reopen_max = std::chrono::seconds(5);

    std::string device = "device1";
    std::string topic_prefix = "kafka-spark-integration";
    std::string status_topic;  ///< empty: none
    mqtt::Connection mqtt;
    mqtt::Qos qos = mqtt::Qos::at_least_once;
    PayloadForm payload = PayloadForm::json;
    std::uint32_t in_flight = 100;

    std::string buffer = "/var/lib/weir/serial-reader";
    Bytes buffer_size{std::uint64_t{16} << 20};
    std::chrono::milliseconds buffer_sync = std::chrono::seconds(1);

    /// Declares all of them; this object must outlive `command`.
    void declare(config::Command& command);

    /// `<prefix>/<device>`, where readings go.
    [[nodiscard]] std::string topic() const { return topic_prefix + "/" + device; }
    /// `<prefix>/<device>/gap`, where gap records go: `<prefix>/+` does not match it.
    [[nodiscard]] std::string gap_topic() const { return topic() + "/gap"; }
    /// With --client-id left alone, one that two readers do not share.
    [[nodiscard]] mqtt::Connection connection() const;
};

}  // namespace weir::serial_reader

template <>
struct weir::config::Codec<weir::serial_reader::Framing> {
    static Result<serial_reader::Framing> parse(std::string_view text) {
        return serial_reader::parse_framing(text);
    }
    static std::string format(serial_reader::Framing framing) {
        return serial_reader::format_framing(framing);
    }
    static std::string metavar() { return "8N1"; }
};
