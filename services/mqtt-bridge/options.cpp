// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "limits.hpp"
#include "mqtt/topic.hpp"

namespace weir::mqtt_bridge {
namespace {

Result<void> check_filter(const std::string& filter) {
    if (mqtt::is_topic_filter(filter) && !filter.starts_with("$share/")) return {};
    return Error{fmt::format("expected an MQTT topic filter such as air/+, got \"{}\"", filter)};
}

// Kafka's own rule for topic names.
Result<void> check_topic(const std::string& topic) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    constexpr std::size_t bytes_max = 249;
    if (!topic.empty() && topic.size() <= bytes_max && topic != "." && topic != ".." &&
        topic.find_first_not_of(allowed) == std::string::npos)
        return {};
    return Error{fmt::format("expected a Kafka topic, got \"{}\"", topic)};
}

Result<void> check_optional_topic(const std::string& topic) {
    return topic.empty() ? Result<void>{} : check_topic(topic);
}

}  // namespace

void Options::declare(config::Command& command) {
    command.section("MQTT");
    mqtt.declare(command);
    command
        .option("topic", topics,
                "An MQTT topic filter to subscribe to. Filters must not overlap: a message that "
                "matches two would come twice.")
        .metavar("FILTER")
        .required()
        .check(check_filter);
    command
        .option("status-topic", status_topics,
                "An MQTT topic filter of what is said about devices: online by themselves, offline "
                "by the MQTT broker (their will). Needs --status.")
        .metavar("FILTER")
        .check(check_filter);
    command.option("qos", qos,
                   "The MQTT quality of service to subscribe with. Only 1 and 2 lose nothing.");
    command
        .option("share", share,
                "For replicas that may lose the order: the name of a shared subscription "
                "($share/NAME/FILTER). The MQTT broker deals the messages among all bridges with "
                "this name, each of which needs a --client-id of its own.")
        .metavar("NAME");
    command
        .option("unsubscribe", unsubscribe,
                "A filter that an earlier start subscribed to and this one does not: the MQTT "
                "broker keeps subscriptions with the session. As it was subscribed to, "
                "$share/NAME/FILTER where --share was given.")
        .metavar("FILTER")
        .check([](const std::string& filter) -> Result<void> {
            if (mqtt::is_topic_filter(filter)) return {};
            return Error{
                fmt::format("expected an MQTT topic filter such as air/+, got \"{}\"", filter)};
        });
    command
        .option("dropped-topic", dropped_topic,
                "Where the MQTT broker counts the messages it has dropped, of mosquitto "
                "$SYS/broker/publish/messages/dropped: a rise is warned of. Empty: nowhere.")
        .metavar("TOPIC")
        .check([](const std::string& topic) -> Result<void> {
            if (topic.empty() || mqtt::is_topic_name(topic)) return {};
            return Error{fmt::format("expected a topic without wildcards, got \"{}\"", topic)};
        });
    command.option("retained", retained,
                   "What becomes of messages the MQTT broker had kept as a topic's last ones.");
    command
        .option("in-flight", in_flight,
                "The most messages taken from the MQTT broker and not yet confirmed by Kafka. "
                "Beyond it nothing is read, so the MQTT broker keeps the rest.")
        .range(1, 100'000);
    command
        .option("in-flight-size", in_flight_size,
                "The same in bytes of topics, payloads and properties.")
        .range(Bytes{1 << 20}, Bytes{std::uint64_t{1} << 30});

    command.section("Records");
    command.option("key", key,
                   "The record's key and device name, made of the message: {1} is the topic's "
                   "first level, {/id} a field of the payload, {user:NAME} a user property. Empty: "
                   "what the filter's last wildcard stands for.");
    command.option("value", value,
                   "json: an object, completed with time and device where it lacks them. raw: the "
                   "payload's bytes, whatever they are.");
    command.option("header", headers,
                   "A header of the record, made of the message as --key is.");
    command.option("properties", properties,
                   "What becomes of MQTT 5's user properties, content type, response topic, "
                   "correlation data and expiry: headers, or nothing.");
    command
        .option("record-time", record_time,
                "The payload's field with the time that the Kafka record shall have. Empty: when "
                "it is sent.")
        .metavar("FIELD")
        .check([](const std::string& field) -> Result<void> {
            if (field.empty()) return {};
            const auto pointer = json::Pointer::from_option(field);
            return pointer ? Result<void>{} : pointer.error();
        });
    command
        .option("payload-max", payload_max,
                "The largest payload; a larger one goes to the dead-letter topic.")
        .range(Bytes{1}, payload_limit);

    command.section("Kafka");
    kafka.declare(command);
    command.option("output", output, "The Kafka topic of the records.").check(check_topic);
    command
        .option("dead-letter", dead_letter,
                "The Kafka topic of the messages that cannot become records.")
        .check(check_topic);
    command
        .option("status", status,
                "The Kafka topic of the devices' statuses, the last one per device: compacted. "
                "Empty: none; needs --status-topic.")
        .metavar("TOPIC")
        .check(check_optional_topic);

    command
        .option("slots", slots,
                "For replicas that share the filters: a Kafka topic that stays empty, whose "
                "partitions the replicas deal among themselves, and with them the filters. Each "
                "filter then has an MQTT session of its own, named after --client-id. Empty: this "
                "bridge takes all filters.")
        .metavar("TOPIC")
        .check(check_optional_topic);

    command.rule([this](std::vector<std::string>& mistakes) {
        check_share(mistakes);
        check_slots(mistakes);
        check_status(mistakes);
        check_unsubscribe(mistakes);
        check_dropped_topic(mistakes);
    });
    command.rule([this](std::vector<std::string>& mistakes) {
        const std::vector<std::string> all = filters();
        for (std::size_t i = 0; i < all.size(); ++i)
            for (std::size_t j = i + 1; j < all.size(); ++j)
                if (mqtt::overlap(all[i], all[j]))
                    mistakes.push_back(fmt::format(
                        "{}: {} and {} overlap; a message that matches both would come twice",
                        j < topics.size() ? "--topic" : "--status-topic", all[i], all[j]));
        for (const auto* list : {&kafka.properties, &kafka.secrets.list})
            for (const kafka::Property& property : *list)
                if (property.key.starts_with("queue.buffering.max.") &&
                    !property.key.ends_with(".ms"))
                    mistakes.push_back(fmt::format(
                        "--kafka: {} follows from --in-flight and --in-flight-size; set those",
                        property.key));
    });
    command.example("mqtt-bridge --mqtt tcp://broker:1883 --topic 'air/+' --output air-readings",
                    "Carries the readings of air/<device> into a Kafka topic, keyed by device.");
}

std::vector<std::string> Options::filters() const {
    std::vector<std::string> all = topics;
    all.insert(all.end(), status_topics.begin(), status_topics.end());
    return all;
}

std::string Options::subscribed(const std::string& filter) const {
    return share.empty() ? filter : "$share/" + share + "/" + filter;
}

MappingOptions Options::mapping(std::vector<std::string> filters) const {
    MappingOptions options{.filters = std::move(filters),
                           .key = key,
                           .payload_bytes_max = payload_max.count,
                           .value = value,
                           .headers = headers,
                           .properties = properties};
    if (!record_time.empty()) options.record_time = *json::Pointer::from_option(record_time);
    return options;
}

void Options::check_share(std::vector<std::string>& mistakes) const {
    if (share.empty()) return;
    // MQTT 5 section 4.8.2
    const bool fits = std::all_of(topics.begin(), topics.end(), [this](const std::string& filter) {
        return mqtt::is_topic_filter(subscribed(filter));
    });
    if (share.find_first_of("/+#") != std::string::npos || !fits)
        mistakes.push_back(fmt::format(
            "--share: expected a short name without /, + and #, got \"{}\"", share));
    if (mqtt.version != mqtt::Version::v5)
        mistakes.emplace_back(
            "--share: expected --mqtt-version 5; before it a broker may take $share for a topic");
    if (!slots.empty())
        mistakes.emplace_back(
            "--share and --slots: expected one of them; slots keep the order, a shared "
            "subscription does not");
}

void Options::check_slots(std::vector<std::string>& mistakes) const {
    if (slots.empty()) return;
    for (const auto& [name, topic] :
         {std::pair{"output", &output}, {"dead-letter", &dead_letter}, {"status", &status}})
        if (slots == *topic)
            mistakes.push_back(fmt::format(
                "--slots: {} is also the --{}; the slots need a topic of their own", slots, name));
    if (const std::size_t sessions = filters().size(); in_flight < sessions)
        mistakes.push_back(fmt::format(
            "--in-flight: {} is not one message for each of the {} filters, which --slots gives a "
            "session each; give {} or more",
            in_flight, sessions, sessions));
}

void Options::check_status(std::vector<std::string>& mistakes) const {
    if (status.empty() != status_topics.empty())
        mistakes.emplace_back(status.empty()
                                  ? "--status-topic needs --status, the Kafka topic of statuses"
                                  : "--status needs --status-topic, where statuses come from");
    if (status.empty()) return;
    for (const auto& [name, topic] : {std::pair{"output", &output}, {"dead-letter", &dead_letter}})
        if (status == *topic)
            mistakes.push_back(fmt::format(
                "--status: {} is also the --{}; statuses need a topic of their own", status, name));
    if (!share.empty())
        mistakes.emplace_back(
            "--status-topic and --share: expected one of them; a shared subscription does not keep "
            "the order, so a device could seem offline for good; give statuses a bridge of their "
            "own");
}

void Options::check_unsubscribe(std::vector<std::string>& mistakes) const {
    for (const std::string& wanted : filters())
        if (std::find(unsubscribe.begin(), unsubscribe.end(), subscribed(wanted)) !=
            unsubscribe.end())
            mistakes.push_back(
                fmt::format("--unsubscribe: {} is subscribed to as well", subscribed(wanted)));
    if (!unsubscribe.empty() && !slots.empty())
        mistakes.emplace_back(
            "--unsubscribe and --slots: expected one of them; with slots a session has one filter "
            "for good");
}

void Options::check_dropped_topic(std::vector<std::string>& mistakes) const {
    if (dropped_topic.empty()) return;
    for (const std::string& filter : filters())
        if (mqtt::matches(filter, dropped_topic))
            mistakes.push_back(fmt::format("--dropped-topic: {} is subscribed to by {} as well",
                                           dropped_topic, filter));
}

}  // namespace weir::mqtt_bridge
