// SPDX-License-Identifier: Apache-2.0
#include "mqtt/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace weir::mqtt {
namespace {

constexpr std::size_t text_bytes_max = 65'535;

struct Scheme {
    std::string_view prefix;
    std::string_view port;
    bool tls;
    bool websocket;
};
/// Of several with the same meaning the first is written.
constexpr std::array schemes{
    Scheme{"tcp://", ":1883", false, false}, Scheme{"mqtt://", ":1883", false, false},
    Scheme{"mqtts://", ":8883", true, false}, Scheme{"ssl://", ":8883", true, false},
    Scheme{"ws://", ":80", false, true}, Scheme{"wss://", ":443", true, true}};

/// `host` or `host:port` with the port added where it is absent; `]` ends an IPv6 address.
std::string with_port(std::string_view address, std::string_view port) {
    const std::size_t bracket = address.rfind(']');
    const std::size_t start = bracket == std::string_view::npos ? 0 : bracket;
    const bool has_port = address.find(':', start) != std::string_view::npos;
    return has_port ? std::string(address) : fmt::format("{}{}", address, port);
}

/// A path goes into a request line, so nothing in it may end that.
bool printable(std::string_view path) {
    return std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

Result<void> fits_packet(const std::string& text) {
    if (text.size() <= text_bytes_max) return {};
    return Error{fmt::format("expected at most {} bytes, got {}", text_bytes_max, text.size())};
}

void check_tls(const Connection& connection, std::vector<std::string>& mistakes) {
    const net::TlsClientOptions& tls = connection.tls;
    if (!connection.broker.tls && tls != net::TlsClientOptions{})
        mistakes.push_back(fmt::format(
            "--mqtt-ca, --mqtt-cert, --mqtt-key and --mqtt-alpn: expected --mqtt to begin with "
            "mqtts:// or wss://, got {}",
            connection.broker.text()));
    if (tls.cert_file.empty() != tls.key_file.empty())
        mistakes.emplace_back("--mqtt-cert and --mqtt-key: expected both or none");
    else if (connection.broker.tls)
        if (const auto context = net::tls_client_context(tls); !context)
            mistakes.push_back("--mqtt over TLS: " + context.error().message);
}

}  // namespace

Result<BrokerUri> BrokerUri::parse(std::string_view text) {
    for (const Scheme& scheme : schemes) {
        if (!text.starts_with(scheme.prefix)) continue;
        BrokerUri broker{.tls = scheme.tls, .websocket = scheme.websocket};
        std::string_view address = text.substr(scheme.prefix.size());
        const std::size_t slash = address.find('/');
        if (scheme.websocket && slash != std::string_view::npos) {
            broker.path = address.substr(slash);
            address = address.substr(0, slash);
        }
        const auto endpoint = net::parse_endpoint(with_port(address, scheme.port));
        if (!endpoint || endpoint->port == 0 || !printable(broker.path)) break;
        broker.endpoint = *endpoint;
        return broker;
    }
    return Error{fmt::format(
        "expected tcp://HOST[:PORT], mqtts://HOST[:PORT], ws://HOST[:PORT][/PATH] or wss://…, "
        "got \"{}\"",
        text)};
}

std::string BrokerUri::text() const {
    const auto scheme = std::find_if(schemes.begin(), schemes.end(), [this](const Scheme& one) {
        return one.tls == tls && one.websocket == websocket;
    });
    return fmt::format("{}{}{}", scheme->prefix, net::to_string(endpoint), websocket ? path : "");
}

void Connection::declare(config::Command& command) {
    command.option("mqtt", broker, "The MQTT broker to connect to.");
    command.option("mqtt-user", user, "The user name for the MQTT broker; empty for none.")
        .check(fits_packet);
    command.option("mqtt-password", password, "The password that goes with --mqtt-user.")
        .secret()
        .check(fits_packet);
    command.option("mqtt-ca", tls.ca_file,
                   "For mqtts:// and wss://: a file of the certificates (PEM) that may have signed "
                   "the broker's; empty: those the system trusts.");
    command.option("mqtt-cert", tls.cert_file,
                   "For brokers that ask for one: the file of this client's certificate (PEM).");
    command.option("mqtt-key", tls.key_file, "The file of its private key (PEM, not encrypted).");
    command.option("mqtt-alpn", tls.alpn,
                   "The protocol to ask for in the TLS handshake, where one port serves several.");
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
        check_tls(*this, mistakes);
    });
}

}  // namespace weir::mqtt
