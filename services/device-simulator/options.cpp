// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mqtt/topic.hpp"

namespace weir::device_simulator {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t devices_max = 10'000;
// What readings on their way may take of memory: some 40 bytes each.
constexpr double held_max = 1e6;

Result<void> check_device(const std::string& device) {
    if (mqtt::is_topic_name(device) && device.find('/') == std::string::npos) return {};
    return Error{fmt::format("expected a name without \"/\", \"+\" and \"#\", got \"{}\"", device)};
}

Result<void> check_prefix(const std::string& prefix) {
    if (mqtt::is_topic_name(prefix) && prefix.front() != '/' && prefix.back() != '/') return {};
    return Error{fmt::format(
        "expected a topic without wildcards and without \"/\" at its ends, got \"{}\"", prefix)};
}

Result<void> check_status_topic(const std::string& topic) {
    if (topic.empty() || mqtt::is_topic_name(topic)) return {};
    return Error{fmt::format("expected a topic without wildcards, got \"{}\"", topic)};
}

void declare_devices(config::Command& command, Options& options) {
    command.section("Devices");
    command.option("device", options.device, "The name of a device: the last level of its topic.")
        .metavar("NAME")
        .check(check_device);
    command
        .option("devices", options.devices,
                "How many devices there are when none is named: device1, device2 and so on.")
        .range(1, devices_max);
    command
        .option("device-prefix", options.device_prefix,
                "What the names of numbered devices begin with.")
        .check(check_device);
    command
        .option("interval", options.interval,
                "The time between two readings of a device. The devices are spread over it.")
        .range(1ms, 24h);
    command.option("count", options.count,
                   "The readings of each device before the simulator ends; 0 for no end.");
    command.option("seed", options.seed,
                   "Makes values and delays repeatable. Without it one is drawn and logged.");
    command.option("payload", options.payload,
                   "The bare number with three decimals, or an object that carries the reading's "
                   "own time and sequence number.");
}

void declare_values(config::Command& command, Options& options) {
    command.section("Values");
    command.option("value", options.value.form,
                   "Evenly distributed values, a sine wave, or a random walk.");
    command.option("low", options.value.low, "The least value.").range(-1e9, 1e9);
    command.option("high", options.value.high, "The greatest value.").range(-1e9, 1e9);
    command.option("decimals", options.value.decimals, "The digits after the point.").range(0, 9);
    command.option("period", options.value.period, "The period of the sine wave.").range(1s, 24h);
    command.option("step", options.value.step, "The largest step of the random walk.")
        .range(0, 1e9);
}

void declare_delays(config::Command& command, Options& options) {
    command.section("Disorder");
    command
        .option("delay-share", options.delay.share,
                "The share of readings that are published later than they are taken, 0 to 1.")
        .range(0, 1);
    command
        .option("delay-max", options.delay.longest,
                "The longest such delay; all from 0 to this are equally likely.")
        .range(1ms, 1h);
    command
        .option("late-share", options.delay.late_share,
                "The share of readings that come very late, 0 to 1.")
        .range(0, 1);
    command.option("late-by", options.delay.late_by, "How late these are.").range(1ms, 1h);
}

void declare_replay(config::Command& command, Options& options) {
    command.section("Replay");
    command
        .option("replay", options.replay,
                "A recording to publish in place of generated readings: one object per line with "
                "\"offset\" (seconds), \"device\" and \"payload\".")
        .metavar("FILE");
    command.option("speed", options.speed, "How much faster than recorded.").range(0.001, 1'000);
}

void declare_mqtt(config::Command& command, Options& options) {
    command.section("MQTT");
    options.mqtt.declare(command);
    command
        .option("connections", options.connections,
                "How many connections the devices share; beyond the first, the client id gets a "
                "number. The default id gets the host's name and the process's number.")
        .range(1, 64);
    command.option("topic-prefix", options.topic_prefix, "Readings go to <prefix>/<device>.")
        .check(check_prefix);
    command
        .option("status-topic", options.status_topic,
                "Where the simulator says `online`, retained, and the MQTT broker says `offline` "
                "for it when it is gone (its will). Empty: nowhere. A connection has one, so it "
                "needs --connections 1.")
        .metavar("TOPIC")
        .check(check_status_topic);
    command.option("qos", options.qos,
                   "The MQTT quality of service. With 0, readings are dropped and counted while "
                   "the broker is away.");
    command.option("retain", options.retain, "Let the broker keep each device's last reading.");
    command
        .option("in-flight", options.in_flight,
                "The most messages per connection sent and not yet answered.")
        .range(1, 60'000);
    command
        .option("queue", options.queue,
                "The most readings that wait for the broker; then no more are taken.")
        .range(1, 1'000'000);
}

void check_status(const Options& options, std::vector<std::string>& mistakes) {
    if (options.status_topic.empty()) return;
    if (options.connections != 1)
        mistakes.push_back(
            fmt::format("--status-topic: expected --connections 1, got {}; start one simulator for "
                        "each topic",
                        options.connections));
    if (mqtt::matches(options.topic_prefix + "/+", options.status_topic))
        mistakes.push_back(fmt::format(
            "--status-topic: {} is where readings go, see --topic-prefix", options.status_topic));
}

void check_together(const Options& options, std::vector<std::string>& mistakes) {
    check_status(options, mistakes);
    if (!options.device.empty() && options.devices != 1)
        mistakes.emplace_back("--device and --devices: give names or a number, not both");
    if (std::set<std::string>(options.device.begin(), options.device.end()).size() !=
        options.device.size())
        mistakes.emplace_back("--device: the same name is given twice");
    if (!(options.value.low <= options.value.high))
        mistakes.push_back(fmt::format("--low: expected at most --high ({}), got {}",
                                       options.value.high, options.value.low));
    if (options.delay.share + options.delay.late_share > 1)
        mistakes.push_back(
            fmt::format("--delay-share and --late-share: expected at most 1 "
                        "together, got {}",
                        options.delay.share + options.delay.late_share));
    const std::chrono::duration<double> interval = options.interval;
    const std::chrono::duration<double> on_their_way =
        options.delay.share * options.delay.longest +
        options.delay.late_share * options.delay.late_by;
    const double held =
        static_cast<double>(options.names().size()) / interval.count() * on_their_way.count();
    if (held > held_max)
        mistakes.push_back(fmt::format(
            "--delay-max, --late-by: {:.0f} readings would be on their way at once, {:.0f} are "
            "allowed; make the shares, the delays or the fleet smaller",
            held, held_max));
}

}  // namespace

void Options::declare(config::Command& command) {
    declare_devices(command, *this);
    declare_values(command, *this);
    declare_delays(command, *this);
    declare_replay(command, *this);
    declare_mqtt(command, *this);
    command.rule([this](std::vector<std::string>& mistakes) { check_together(*this, mistakes); });
    command.example("device-simulator --device device1 --device device2",
                    "Two devices on a broker on this machine, three readings a second each.");
    command.example("device-simulator --devices 1000 --payload json --qos 1 --delay-share 0.2",
                    "A thousand devices, a fifth of whose readings arrive out of order.");
}

std::vector<std::string> Options::names() const {
    if (!device.empty()) return device;
    std::vector<std::string> names;
    names.reserve(devices);
    for (std::uint32_t i = 1; i <= devices; ++i)
        names.push_back(fmt::format("{}{}", device_prefix, i));
    return names;
}

}  // namespace weir::device_simulator
