// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "config/command.hpp"
#include "mqtt/types.hpp"
#include "net/endpoint.hpp"
#include "net/tls.hpp"

namespace weir::mqtt {

/// Where a broker listens and what is spoken below MQTT, as an option writes it.
struct BrokerUri {
    net::Endpoint endpoint;
    bool tls = false;
    bool websocket = false;     ///< MQTT 5 section 6
    std::string path = "/mqtt";  ///< of the WebSocket handshake

    /// Reads `tcp://host[:port]` or `mqtt://…` (port 1883 when absent), `mqtts://…` (8883),
    /// `ws://host[:port][/path]` (80) or `wss://…` (443); an IPv6 address in brackets. Errors: a
    /// sentence with the text and what is expected.
    static Result<BrokerUri> parse(std::string_view text);

    /// The text that parse() reads back.
    std::string text() const;
    bool operator==(const BrokerUri&) const = default;
};

/// What a client of either direction needs to reach its broker and to say who it is.
struct Connection {
    BrokerUri broker{.endpoint = {"localhost", 1883}};
    std::string client_id;
    std::string user;      ///< empty: none is sent
    std::string password;  ///< sent only with a user
    net::TlsClientOptions tls;
    Version version = Version::v5;
    std::chrono::seconds keep_alive{60};  ///< 0: no pings
    std::chrono::milliseconds connect_timeout{10'000};  ///< and for an answer to SUBSCRIBE
    std::chrono::milliseconds retry_first{500};       ///< ceiling of the first wait
    std::chrono::milliseconds retry_ceiling{30'000};  ///< ceiling of every later wait

    /// Declares `--mqtt`, `--mqtt-…` for who is there and whom to trust, `--client-id`,
    /// `--keep-alive` and `--mqtt-version`. The object must outlive `command`; what it holds now
    /// are the defaults.
    void declare(config::Command& command);
};

constexpr auto choices_of(Version) {
    using namespace std::string_view_literals;
    return std::array{std::pair{"5"sv, Version::v5}, std::pair{"3.1.1"sv, Version::v3_1_1}};
}

constexpr auto choices_of(Qos) {
    using namespace std::string_view_literals;
    return std::array{std::pair{"0"sv, Qos::at_most_once}, std::pair{"1"sv, Qos::at_least_once},
                      std::pair{"2"sv, Qos::exactly_once}};
}

}  // namespace weir::mqtt

template <>
struct weir::config::Codec<weir::mqtt::BrokerUri> {
    static Result<mqtt::BrokerUri> parse(std::string_view text) {
        return mqtt::BrokerUri::parse(text);
    }
    static std::string format(const mqtt::BrokerUri& value) { return value.text(); }
    static std::string metavar() { return "SCHEME://HOST:PORT"; }
};
