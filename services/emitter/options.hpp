// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/types.hpp"
#include "certificate.hpp"
#include "config/command.hpp"
#include "kafka/options.hpp"
#include "relay.hpp"
#include "selection.hpp"
#include "socketio/server_url.hpp"

namespace weir::emitter {

/// What clients may connect with.
enum class Transports {
    all,        ///< long-polling, WebSocket, and the upgrade from one to the other
    websocket,  ///< needs no sticky sessions behind a balancer
};

constexpr auto choices_of(Transports) {
    return std::array{std::pair{std::string_view("all"), Transports::all},
                      std::pair{std::string_view("websocket"), Transports::websocket}};
}

/// Everything an operator can set. options.cpp declares names, ranges and texts.
struct Options {
    std::string listen = "0.0.0.0:5000";
    std::string page;
    std::vector<std::string> cors;
    CertificateFiles tls;

    std::vector<Relay> relays{{.topic = "kafka-spark-integration-output",
                               .event = "emit",
                               .nsp = "/",
                               .shape = Shape::card}};
    std::vector<Keys> keys;
    std::vector<Map> maps;
    std::string time_zone;
    Bytes value_max{64 << 10};

    std::vector<std::string> snapshot{"window", "partial"};
    std::chrono::seconds history{std::chrono::minutes{15}};
    std::uint32_t history_records = 5'000;
    Bytes history_size{2 << 20};
    Bytes recovery_size{2 << 20};
    std::uint32_t latest_keys = 10'000;
    Bytes latest_size{512 << 10};
    Bytes drop_size{512 << 10};

    std::optional<socketio::ServerUrl> upstream;
    bool upstream_ack = false;
    std::string upstream_auth;
    std::string upstream_ca;
    std::chrono::milliseconds upstream_timeout{20'000};
    std::string group = "emitter";

    std::uint32_t clients = 10'000;
    std::uint32_t clients_per_address = 0;
    Bytes client_queue{4 << 20};
    Bytes client_message_max{64 << 10};
    std::uint32_t client_message_rate = 100;
    std::uint32_t client_keys = 100;
    std::chrono::milliseconds ping_interval{25'000};
    std::chrono::milliseconds ping_timeout{20'000};
    Transports transports = Transports::all;
    std::chrono::milliseconds drain{2'000};

    std::string jwt_key;
    std::string jwt_issuer;
    std::string jwt_audience;
    std::string jwt_keys_claim = "keys";

    kafka::Options kafka;

    /// Declares all of them; this object must outlive `command`.
    void declare(config::Command& command);
};

}  // namespace weir::emitter

template <>
struct weir::config::Codec<weir::socketio::ServerUrl> {
    static Result<socketio::ServerUrl> parse(std::string_view text) {
        return socketio::ServerUrl::parse(text);
    }
    static std::string format(const socketio::ServerUrl& url) { return url.text(); }
    static std::string metavar() { return "URL"; }
};
