// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <fmt/format.h>

#include "mqtt/topic.hpp"
#include "reading_buffer.hpp"

namespace weir::serial_reader {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view client_id_default = "serial-reader";

Result<void> check_baud(const std::uint32_t& baud) {
    if (is_standard_baud(baud)) return {};
    return Error{
        fmt::format("expected a standard rate such as 9600, 57600 or 115200, got {}", baud)};
}

Result<void> check_not_empty(const std::string& text) {
    if (!text.empty()) return {};
    return Error{"expected a value, got an empty text"};
}

// The name is one level of the topic and one folder of the buffer.
Result<void> check_device(const std::string& device) {
    constexpr std::size_t folder_name_max = 255;  // NAME_MAX
    if (mqtt::is_topic_name(device) && device.find('/') == std::string::npos && device != "." &&
        device != ".." && device.size() <= folder_name_max)
        return {};
    return Error{
        fmt::format("expected a name of 1 to {} bytes without \"/\", \"+\" and \"#\", got \"{}\"",
                    folder_name_max, device)};
}

Result<void> check_topic_prefix(const std::string& prefix) {
    if (mqtt::is_topic_name(prefix) && prefix.front() != '/' && prefix.back() != '/') return {};
    return Error{
        fmt::format("expected a topic without wildcards and without \"/\" at its ends, "
                    "got \"{}\"",
                    prefix)};
}

Result<void> check_status_topic(const std::string& topic) {
    if (topic.empty() || mqtt::is_topic_name(topic)) return {};
    return Error{fmt::format("expected a topic without wildcards, got \"{}\"", topic)};
}

void declare_line(config::Command& command, Options& options) {
    command.section("Serial line");
    command.option("port", options.port, "The serial device or pseudo terminal to read.")
        .metavar("PATH")
        .check(check_not_empty);
    command.option("baud", options.baud, "The speed of the line, a standard rate.")
        .check(check_baud);
    command.option("framing", options.framing,
                   "Data bits (5 to 8), parity (N, E or O) and stop bits (1 or 2).");
    command
        .option("decimals", options.decimals,
                "The digits after the point in a reading; a line with more or fewer is rejected "
                "as disturbed.")
        .range(0, 9);
    command.option("line-max", options.line_max, "The longest line; a longer one is rejected.")
        .range(Bytes{32}, Bytes{64 << 10});
    command
        .option("silence", options.silence,
                "How long no reading may come before the service reports itself not ready.")
        .range(100ms, 24h);
    command
        .option("reopen-max", options.reopen_max,
                "The longest wait between two attempts to open the port. The first is 100 ms, each "
                "one after it twice as long.")
        .range(100ms, 1h);
}

void declare_output(config::Command& command, Options& options) {
    command.section("MQTT");
    command.option("device", options.device, "The name of the device: the last level of the topic.")
        .check(check_device);
    command
        .option("topic-prefix", options.topic_prefix,
                "Readings go to <prefix>/<device>, gap records to <prefix>/<device>/gap.")
        .check(check_topic_prefix);
    command
        .option("status-topic", options.status_topic,
                "Where the reader says `online`, retained, and the MQTT broker says `offline` for "
                "it when it is gone (its will). Empty: nowhere.")
        .metavar("TOPIC")
        .check(check_status_topic);
    options.mqtt.client_id = client_id_default;
    options.mqtt.declare(command);
    command.option("qos", options.qos,
                   "The MQTT quality of service. With 0 a reading counts as delivered once it is "
                   "written to the connection.");
    command.option("payload", options.payload,
                   "An object that carries the time of the reading, or the bare number, whose "
                   "time is lost while it waits in the buffer.");
    command
        .option("in-flight", options.in_flight,
                "The most messages sent and not yet acknowledged by the broker.")
        .range(1, 10'000);
}

void declare_buffer(config::Command& command, Options& options) {
    command.section("Buffer");
    command
        .option("buffer", options.buffer,
                "The folder in which readings wait for the broker, in a folder named after the "
                "device.")
        .metavar("DIR")
        .check(check_not_empty);
    command
        .option("buffer-size", options.buffer_size,
                "The most disk the readings take (32 bytes each). When it is full, the oldest "
                "sixteenth is dropped and reported.")
        .range(ReadingBuffer::size_min, Bytes{std::uint64_t{1} << 40});
    command
        .option("buffer-sync", options.buffer_sync,
                "How often the buffer is made safe from a power cut; 0 does it for each reading. A "
                "killed process loses nothing in any case.")
        .range(0ms, 1h);
}

}  // namespace

void Options::declare(config::Command& command) {
    declare_line(command, *this);
    declare_output(command, *this);
    declare_buffer(command, *this);
    command.rule([this](std::vector<std::string>& mistakes) {
        if (!mqtt::is_topic_name(gap_topic()))
            mistakes.push_back(
                fmt::format("--topic-prefix and --device: expected a topic of at "
                            "most 65535 bytes, got {} with /gap",
                            gap_topic().size()));
        if (mqtt::matches(topic_prefix + "/+", status_topic) || status_topic == gap_topic())
            mistakes.push_back(fmt::format("--status-topic: {} is where readings or gap records go",
                                           status_topic));
    });
    command.example("serial-reader --port /dev/ttyACM0 --device kitchen --mqtt tcp://broker:1883",
                    "Publishes the sensor's readings on kafka-spark-integration/kitchen.");
}

mqtt::Connection Options::connection() const {
    mqtt::Connection connection = mqtt;
    if (connection.client_id == client_id_default) connection.client_id += "-" + device;
    return connection;
}

}  // namespace weir::serial_reader
