// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/command.hpp"

namespace weir::kafka {

/// One librdkafka property, as `--kafka KEY=VALUE` gives it.
struct Property {
    std::string key;
    std::string value;
};

/// Several properties as one secret text, one KEY=VALUE per line.
struct SecretProperties {
    std::vector<Property> list;
};

/// How a service reaches Kafka: the same options in every service.
///
/// Every property is checked by librdkafka itself while the options are read, so `--check` finds
/// an unknown name or a bad value without a network. Properties that a guarantee of ours rests on
/// (commits, acknowledgements, isolation, ids) belong to the service and are refused here.
struct Options {
    std::string bootstrap_servers = "localhost:9092";
    std::vector<Property> properties;
    SecretProperties secrets;

    /// Declares --bootstrap-servers, --kafka and --kafka-secrets.
    void declare(config::Command& command);
};

/// True for properties whose value must never be printed (passwords, keys, tokens).
bool is_secret(std::string_view key);

}  // namespace weir::kafka

namespace weir::config {

template <>
struct Codec<kafka::Property> {
    static Result<kafka::Property> parse(std::string_view text);
    static std::string format(const kafka::Property& property);
    static std::string metavar() { return "KEY=VALUE"; }
};

template <>
struct Codec<kafka::SecretProperties> {
    static Result<kafka::SecretProperties> parse(std::string_view text);
    static std::string format(const kafka::SecretProperties& properties);
    static std::string metavar() { return "LINES"; }
};

}  // namespace weir::config
