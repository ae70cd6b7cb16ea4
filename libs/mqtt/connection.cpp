// SPDX-License-Identifier: Apache-2.0
#include "mqtt/connection.hpp"

#include <fmt/format.h>

namespace weir::mqtt {
namespace {

constexpr std::string_view default_port = ":1883";
constexpr std::size_t text_bytes_max = 65'535;

/// `host` or `host:port` with the port added where it is absent; `]` ends an IPv6 address.
std::string with_port(std::string_view address) {
    const std::size_t bracket = address.rfind(']');
    const std::size_t start = bracket == std::string_view::npos ? 0 : bracket;
    const bool has_port = address.find(':', start) != std::string_view::npos;
    return has_port ? std::string(address) : fmt::format("{}{}", address, default_port);
}

Result<void> fits_packet(const std::string& text) {
    if (text.size() <= text_bytes_max) return {};
    return Error{fmt::format("expected at most {} bytes, got {}", text_bytes_max, text.size())};
}

}  // namespace

Result<BrokerUri> BrokerUri::parse(std::string_view text) {
    for (const std::string_view scheme : {"tcp://", "mqtt://"}) {
        if (!text.starts_with(scheme)) continue;
        const auto endpoint = net::parse_endpoint(with_port(text.substr(scheme.size())));
        if (!endpoint || endpoint->port == 0) break;
        return BrokerUri{*endpoint};
    }
    return Error{fmt::format("expected tcp://HOST[:PORT], got \"{}\"", text)};
}

std::string BrokerUri::text() const { return "tcp://" + net::to_string(endpoint); }

void Connection::declare(config::Command& command) {
    command.option("mqtt", broker, "The MQTT broker to connect to.");
    command.option("mqtt-user", user, "The user name for the MQTT broker; empty for none.")
        .check(fits_packet);
    command.option("mqtt-password", password, "The password that goes with --mqtt-user.")
        .secret()
        .check(fits_packet);
    command
        .option("client-id", client_id,
                "The MQTT client id. The broker keeps one session per id and ends an older "
                "connection that uses the same one.")
        .required()
        .check(fits_packet);
    command
        .option("keep-alive", keep_alive,
                "The longest silence towards the MQTT broker before a ping is sent; the broker "
                "drops a client after one and a half times of it. 0 sends none.")
        .range(std::chrono::seconds{0}, std::chrono::seconds{65'535});
    command.option("mqtt-version", version, "The version of the MQTT protocol.");
    command.rule([this](std::vector<std::string>& mistakes) {
        if (!password.empty() && user.empty())
            mistakes.emplace_back("--mqtt-password: given without --mqtt-user; add the user name");
    });
}

}  // namespace weir::mqtt
