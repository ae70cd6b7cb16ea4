// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "json/document.hpp"
#include "json/time_zone.hpp"
#include "jwt/verifier.hpp"
#include "net/endpoint.hpp"
#include "net/tls.hpp"
#include "page_files.hpp"

namespace weir::emitter {
namespace {

using namespace std::chrono_literals;

Result<void> check_endpoint(const std::string& text) {
    const auto endpoint = net::parse_endpoint(text);
    return endpoint.ok() ? Result<void>{} : endpoint.error();
}

Result<void> check_page(const std::string& folder) {
    if (folder.empty()) return {};
    const auto page = PageFiles::load(folder);
    return page.ok() ? Result<void>{} : page.error();
}

/// An origin as a browser writes it (RFC 6454 section 6.2): no path, no slash at the end.
Result<void> check_origin(const std::string& origin) {
    const std::size_t scheme = origin.find("://");
    const bool good = scheme != std::string::npos && scheme > 0 && origin.size() > scheme + 3 &&
                      origin.find_first_of("/ ,*", scheme + 3) == std::string::npos;
    if (good || origin == "*") return {};
    return Error{
        fmt::format("expected an origin such as https://example.org, or *, got \"{}\"", origin)};
}

Result<void> check_auth(const std::string& text) {
    return text.empty() ? Result<void>{} : json::Document().read(text);
}

Result<void> check_map(const Map& map) {
    const auto program = compile(map, Bytes{1});
    return program.ok() ? Result<void>{} : program.error();
}

/// What --keys and --map name must be made by a relay, and each once.
template <typename Rule>
void check_names(std::string_view option, const std::vector<Rule>& rules,
                 const std::vector<Relay>& relays, std::vector<std::string>& mistakes) {
    for (auto rule = rules.begin(); rule != rules.end(); ++rule) {
        const auto same = [&](const Rule& other) { return other.name == rule->name; };
        const auto made = [&](const Relay& relay) { return relay.makes(rule->name); };
        if (std::ranges::none_of(relays, made))
            mistakes.push_back(
                fmt::format("--{}: no --relay makes the event {}", option, rule->name.text()));
        if (std::any_of(rules.begin(), rule, same))
            mistakes.push_back(fmt::format("--{}: {} is given twice", option, rule->name.text()));
    }
}

Result<void> check_jwt_key(const std::string& file) {
    if (file.empty()) return {};
    const auto verifier = jwt::Verifier::load(file, {});
    return verifier.ok() ? Result<void>{} : verifier.error();
}

Result<void> check_time_zone(const std::string& name) {
    const auto zone = name.empty() ? json::TimeZone::host() : json::TimeZone::load(name);
    return zone.ok() ? Result<void>{} : zone.error();
}

void check_upstream(const Options& options, std::vector<std::string>& mistakes) {
    const bool tls = options.upstream && options.upstream->tls;
    if (!tls && !options.upstream_ca.empty())
        mistakes.emplace_back("--upstream-ca: expected --upstream to begin with https://");
    if (tls)
        if (const auto trust = net::tls_client_context({.ca_file = options.upstream_ca}); !trust)
            mistakes.push_back("--upstream over TLS: " + trust.error().message);
    if (!options.upstream) return;
    for (const Relay& relay : options.relays)
        if (relay.is_volatile())
            mistakes.push_back(fmt::format(
                "--relay {}: {} is for clients, not for --upstream, "
                "which gets every event",
                config::Codec<Relay>::format(relay), relay.latest ? ":latest" : ":drop"));
}

}  // namespace

void Options::declare(config::Command& command) {
    command.section("Web");
    command.option("listen", listen, "Where browsers and other Socket.IO clients connect.")
        .metavar("HOST:PORT")
        .check(check_endpoint);
    command
        .option("page", page,
                "A folder whose files are served, index.html at /. They are read once, at the "
                "start. Empty: no page.")
        .metavar("FOLDER")
        .check(check_page);
    command
        .option("cors", cors,
                "An origin whose pages may connect, or * for any. Pages from this host and clients "
                "that are no browsers always may.")
        .metavar("ORIGIN")
        .check(check_origin);
    tls.declare(command);

    command.section("Events");
    command
        .option("relay", relays,
                "Sends each record of a Kafka topic as an event. In the namespace / the event has "
                "the value alone; in any other also the record's origin, and joining brings a "
                "snapshot and totals. The shape \"raw\" (default) sends the value as it is, "
                "\"card\" makes {device_name, window_start, window_end, data} of a result. With "
                "\":latest\" a client that is slow gets the last event of each key only, with "
                "\":drop\" the newest events, after how many it lost.")
        .required();
    command.option("keys", keys,
                   "Only records whose key matches one of these patterns become that event. * "
                   "stands for any characters, ? for one, [a-f] for one of a range. A record "
                   "without a key matches none.");
    command
        .option("map", maps,
                "A jq program that makes the event's value of a record's value, such as "
                "reading@/live='select(.data > 50) | {device_name, data}'. What it gives may be "
                "any JSON value; if it gives none, there is no event. $meta has the record's "
                "topic, partition, offset, timestamp_ms, key and headers. It applies to all relays "
                "that make the event, before their shape. @FILE reads it from a file, which the "
                "environment needs for a program with a semicolon.")
        .check(check_map);
    command
        .option("time-zone", time_zone,
                "The IANA time zone of the times of day in cards. Empty: the host's.")
        .metavar("ZONE")
        .check(check_time_zone);
    command
        .option("value-max", value_max,
                "The largest record value that is sent; a larger one is counted and left out.")
        .range(Bytes{1}, Bytes{16 << 20});
    command.option("snapshot", snapshot, "An event that snapshots have.").metavar("EVENT");
    command
        .option("history", history,
                "How much of the past is read at the start and kept for snapshots.")
        .range(0s, 24h);
    command.option("history-records", history_records, "The most records kept for a snapshot.")
        .range(0, 1'000'000);
    command.option("history-size", history_size, "The same in bytes of JSON.")
        .range(Bytes{0}, Bytes{1 << 30});
    command
        .option("recovery-size", recovery_size,
                "The most bytes of past events kept for each namespace other than /, for clients "
                "that come back: who has missed no more gets just that, from any replica, instead "
                "of a snapshot. 0: nobody is sent anything again.")
        .range(Bytes{0}, Bytes{1 << 30});
    command
        .option("latest-keys", latest_keys,
                "The most keys whose last event is kept for each relay with :latest.")
        .range(1, 10'000'000);
    command.option("latest-size", latest_size, "The same in bytes of JSON.")
        .range(Bytes{1 << 10}, Bytes{1 << 30});
    command
        .option("drop-size", drop_size,
                "The most bytes of the newest events kept for each relay with :drop, for clients "
                "that did without some.")
        .range(Bytes{1 << 10}, Bytes{1 << 30});

    command.section("Upstream");
    command.option(
        "upstream", upstream,
        "A Socket.IO server, http://HOST[:PORT][/PATH] or https://…, to which events are "
        "sent instead of to clients; the path is that of Engine.IO, /socket.io/ if none "
        "is given. Only one emitter should send to it under one --group.");
    command.option(
        "upstream-ack", upstream_ack,
        "An event counts as delivered when the server's handler acknowledged it, instead "
        "of when the server has read it. Only for servers whose handlers do.");
    command
        .option("upstream-auth", upstream_auth,
                "What the server is told at every CONNECT, a JSON object such as "
                "{\"token\":\"…\"}.")
        .metavar("JSON")
        .secret()
        .check(check_auth);
    command
        .option("upstream-ca", upstream_ca,
                "For https: a file of the certificates (PEM) that may have signed the server's; "
                "empty: those the system trusts.")
        .metavar("FILE");
    command
        .option("upstream-timeout", upstream_timeout,
                "How long the server may take to let us in, or to confirm something of what it was "
                "sent, before the connection is made anew.")
        .range(100ms, 1h);
    command
        .option("group", group,
                "The Kafka consumer group under whose name is kept what --upstream has got.")
        .required_if([this] { return upstream.has_value(); });

    command.section("Clients");
    command.option("clients", clients, "The most clients at once; more are asked to come later.")
        .range(1, 1'000'000);
    command
        .option("clients-per-address", clients_per_address,
                "The most clients of one address at once; more are asked to come later. 0: no "
                "limit. Behind a proxy all clients have its address.")
        .range(0, 1'000'000);
    command
        .option("client-queue", client_queue,
                "The most bytes that wait for one client; one that reads more slowly is "
                "disconnected, and goes on from there when it comes back.")
        .range(Bytes{64 << 10}, Bytes{1 << 30});
    command.option("client-message-max", client_message_max, "The largest message from a client.")
        .range(Bytes{1 << 10}, Bytes{16 << 20});
    command
        .option("client-message-rate", client_message_rate,
                "The most messages a client may send in a second; one that sends more is "
                "disconnected. 0: no limit.")
        .range(0, 1'000'000);
    command
        .option("client-keys", client_keys,
                "The most keys one client may subscribe to instead of getting everything.")
        .range(1, 10'000);
    command
        .option("ping-interval", ping_interval,
                "How often each client is asked for a sign of life.")
        .range(100ms, 1h);
    command.option("ping-timeout", ping_timeout, "How long it may take to answer.")
        .range(100ms, 1h);
    command.option("transports", transports,
                   "How clients may connect: \"all\" serves long-polling, too, for those behind "
                   "proxies that know no WebSocket; several replicas behind one balancer then need "
                   "sticky sessions.");
    command
        .option("drain", drain,
                "The time over which a stop disconnects the clients, so that they do not all come "
                "back at once. Keep it below --stop-timeout.")
        .range(0ms, 10min);

    command.section("Tokens");
    command
        .option("jwt-key", jwt_key,
                "A file with the key of the tokens that clients must have then, as auth.token: an "
                "RSA public key in PEM (the tokens are RS256), or a secret of at least 32 bytes "
                "(HS256; a newline at its end does not count). Empty: nobody needs a token.")
        .metavar("FILE")
        .check(check_jwt_key);
    command
        .option("jwt-issuer", jwt_issuer, "Who must have issued a token (its iss). Empty: anybody.")
        .metavar("NAME");
    command
        .option("jwt-audience", jwt_audience,
                "For whom a token must be (its aud). Empty: it must be for nobody in particular.")
        .metavar("NAME");
    command
        .option("jwt-keys-claim", jwt_keys_claim,
                "The claim with the list of keys whose events a token lets its client see, or "
                "\"*\" for all. A token without it is refused. Empty: every token lets its client "
                "see everything.")
        .metavar("NAME");

    command.section("Kafka");
    kafka.declare(command);

    command.rule([this](std::vector<std::string>& mistakes) {
        for (auto relay = relays.begin(); relay != relays.end(); ++relay)
            if (std::find(relays.begin(), relay, *relay) != relay)
                mistakes.push_back(fmt::format("--relay: {} is given twice",
                                               config::Codec<Relay>::format(*relay)));
        check_upstream(*this, mistakes);
        check_names("keys", keys, relays, mistakes);
        check_names("map", maps, relays, mistakes);
        if (jwt_key.empty() && !(jwt_issuer.empty() && jwt_audience.empty()))
            mistakes.emplace_back("--jwt-issuer and --jwt-audience need --jwt-key");
        const auto count = [&](bool Relay::*kind) {
            return static_cast<std::uint64_t>(std::ranges::count(relays, true, kind));
        };
        const Bytes at_once{history_size.count + count(&Relay::latest) * latest_size.count +
                            count(&Relay::drop) * drop_size.count};
        if (client_queue.count <= at_once.count)
            mistakes.push_back(fmt::format(
                "--client-queue ({}) must be larger than --history-size and a --latest-size for "
                "each relay with :latest and a --drop-size for each with :drop ({}): a client may "
                "get all of it at once",
                format_bytes(client_queue), format_bytes(at_once)));
    });
    command.example("emitter --relay results=broadcast_event:card --upstream http://localhost:5000",
                    "Sends the results to an existing Socket.IO server.");
    command.example("emitter --relay results=emit:card --page build/release/page",
                    "Shows the results of a Kafka topic at http://localhost:5000/.");
}

}  // namespace weir::emitter
