// SPDX-License-Identifier: Apache-2.0
#include "kafka/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kafka/client.hpp"

namespace weir::kafka {
namespace {

struct Refusal {
    std::string_view key;
    std::string_view instead;
};

/// Properties with an option of their own, or that a guarantee rests on.
constexpr std::array refusals{
    Refusal{"bootstrap.servers", "use --bootstrap-servers"},
    Refusal{"metadata.broker.list", "use --bootstrap-servers"},
    Refusal{"group.id", "use --group"},
    Refusal{"transactional.id", "use --transactional-id"},
    Refusal{"transaction.timeout.ms", "the service sets it"},
    Refusal{"enable.auto.commit", "the service commits"},
    Refusal{"auto.commit.enable", "the service commits"},
    Refusal{"enable.auto.offset.store", "the service commits"},
    Refusal{"auto.offset.reset", "the service says where reading starts"},
    Refusal{"enable.partition.eof", "the service needs it"},
    Refusal{"isolation.level", "the service sets it"},
    Refusal{"partition.assignment.strategy", "use --assignment"},
    Refusal{"enable.idempotence", "the service needs it"},
    Refusal{"acks", "the service needs all"},
    Refusal{"request.required.acks", "the service needs all"},
    Refusal{"message.timeout.ms", "the service sets it"},
    Refusal{"delivery.timeout.ms", "the service sets it"},
    Refusal{"statistics.interval.ms", "the service sets it"},
};

/// Sets the property on a configuration that is thrown away: librdkafka's own validation.
Result<void> validate(const Property& property) {
    for (const auto& [key, instead] : refusals)
        if (property.key == key)
            return Error{fmt::format("{} may not be set here: {}", property.key, instead)};
    const ConfHandle conf(rd_kafka_conf_new());
    std::array<char, 512> words{};
    const auto outcome = rd_kafka_conf_set(conf.get(), property.key.c_str(), property.value.c_str(),
                                           words.data(), words.size());
    if (outcome == RD_KAFKA_CONF_OK) return {};
    // librdkafka's words may repeat the value.
    if (is_secret(property.key)) return Error{fmt::format("{} was refused", property.key)};
    return Error{words.data()};
}

}  // namespace

bool is_secret(std::string_view key) {
    constexpr std::array<std::string_view, 6> parts{
        "password", "secret", "ssl.key.pem", "jaas", "oauthbearer.config", "ssl_key"};
    return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
        return key.find(part) != std::string_view::npos;
    });
}

void Options::declare(config::Command& command) {
    command.section("Kafka");
    command
        .option("bootstrap-servers", bootstrap_servers,
                "Brokers to ask for the rest of the cluster, separated by commas.")
        .metavar("HOST:PORT")
        .required();
    command.option("kafka", properties,
                   "Any property of librdkafka, such as security.protocol=SASL_SSL.");
    command
        .option("kafka-secrets", secrets,
                "Properties that must not be seen, such as sasl.password=…, one KEY=VALUE per "
                "line.")
        .secret();
}

}  // namespace weir::kafka

namespace weir::config {

Result<kafka::Property> Codec<kafka::Property>::parse(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0)
        return Error{"expected KEY=VALUE, got no \"=\" after a name"};
    kafka::Property property{std::string(text.substr(0, equals)),
                             std::string(text.substr(equals + 1))};
    if (auto valid = kafka::validate(property); !valid) return valid.error();
    return property;
}

std::string Codec<kafka::Property>::format(const kafka::Property& property) {
    const bool hidden = kafka::is_secret(property.key);
    return fmt::format("{}={}", property.key, hidden ? "[secret]" : property.value);
}

Result<kafka::SecretProperties> Codec<kafka::SecretProperties>::parse(std::string_view text) {
    kafka::SecretProperties properties;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        auto property = Codec<kafka::Property>::parse(line);
        if (!property) return property.error();
        properties.list.push_back(std::move(*property));
    }
    return properties;
}

std::string Codec<kafka::SecretProperties>::format(const kafka::SecretProperties& properties) {
    return properties.list.empty() ? "" : "[secret]";
}

}  // namespace weir::config
