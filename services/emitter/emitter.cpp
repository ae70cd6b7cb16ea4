// SPDX-License-Identifier: Apache-2.0
#include "emitter.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <memory>

#include "base/log.hpp"
#include "certificate.hpp"
#include "feed.hpp"
#include "gate.hpp"
#include "hub.hpp"
#include "json/time_zone.hpp"
#include "jwt/verifier.hpp"
#include "meters.hpp"
#include "net/endpoint.hpp"
#include "net/io_thread.hpp"
#include "page_files.hpp"
#include "socketio/server.hpp"
#include "upstream.hpp"

namespace weir::emitter {
namespace {

using std::chrono::milliseconds;

// Batches between the two threads; each has at most a thousand records.
constexpr std::size_t batches_under_way_max = 4;

// Page loads, long polls that come while one is answered, and Kafka's connections, beside clients.
constexpr std::size_t spare_connections = 1'024;

milliseconds now_ms() {
    return std::chrono::duration_cast<milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
}

/// Each client is a file descriptor; the usual soft limit of 1024 is there to be raised.
void raise_descriptor_limit(std::size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < wanted)
        log::warn("the limit of open files is below what --clients needs",
                  {{"limit", limit.rlim_cur}, {"needed", wanted}});
}

http::Limits http_limits(const Options& options) {
    http::Limits limits;
    limits.connections_max = options.clients + spare_connections;
    limits.body_bytes_max = options.client_message_max.count;
    limits.handshakes_per_address_max = options.clients_per_address;
    return limits;
}

socketio::ServerOptions server_options(const Options& options) {
    socketio::ServerOptions server;
    server.engine.ping_interval = options.ping_interval;
    server.engine.ping_timeout = options.ping_timeout;
    server.engine.max_payload = options.client_message_max.count;
    server.engine.messages_per_second_max = options.client_message_rate;
    server.engine.queue_bytes_max = options.client_queue.count;
    server.engine.clients_max = options.clients;
    server.engine.clients_per_address_max = options.clients_per_address;
    server.engine.polling = options.transports == Transports::all;
    server.engine.cors.origins = options.cors;
    server.rooms_max = options.client_keys + 1;  // see Audience
    return server;
}

HubOptions hub_options(const Options& options, std::shared_ptr<const jwt::Verifier> verifier) {
    return {.snapshot_events = options.snapshot,
            .history = {.age_max = options.history,
                        .records_max = options.history_records,
                        .bytes_max = options.history_size.count},
            .latest = {.keys_max = options.latest_keys, .bytes_max = options.latest_size.count},
            .recent_bytes_max = options.drop_size.count,
            .recovery_bytes_max = options.recovery_size.count,
            .resend_bytes_max = options.client_queue.count,
            .audience = {.keys_max = options.client_keys, .verifier = std::move(verifier)}};
}

/// Null when clients need no token.
Result<std::shared_ptr<const jwt::Verifier>> load_verifier(const Options& options) {
    if (options.jwt_key.empty()) return std::shared_ptr<const jwt::Verifier>();
    auto verifier = jwt::Verifier::load(options.jwt_key, {.issuer = options.jwt_issuer,
                                                          .audience = options.jwt_audience,
                                                          .list_claim = options.jwt_keys_claim});
    if (!verifier) return Error{"--jwt-key: " + verifier.error().message};
    log::info("clients need a token", {{"algorithm", verifier->algorithm()}});
    return std::shared_ptr<const jwt::Verifier>(
        std::make_shared<jwt::Verifier>(std::move(*verifier)));
}

/// What the feed does goes to the io thread, a few batches at a time.
FeedSink sink_to(Hub& hub, net::IoThread& io, Gate& gate) {
    return {.await_room = [&](milliseconds timeout) { return gate.wait(timeout); },
            .start =
                [&](std::vector<kafka::Position> positions) {
                    io.post([&hub, positions = std::move(positions)] { hub.start(positions); });
                },
            .take =
                [&](std::vector<Outgoing> batch, std::vector<kafka::Position> ends) {
                    gate.enter();
                    io.post([&, batch = std::move(batch), ends = std::move(ends)] {
                        hub.take(batch, ends, now_ms());
                        gate.leave();
                    });
                },
            .caught_up = [&] { io.post([&hub] { hub.catch_up(); }); },
            .tick = [&] { io.post([&hub] { hub.tick(); }); }};
}

}  // namespace

Result<void> Emitter::run() {
    const auto zone = options_.time_zone.empty() ? json::TimeZone::host()
                                                 : json::TimeZone::load(options_.time_zone);
    if (!zone) return zone.error();
    auto selections =
        make_selections(options_.relays, options_.keys, options_.maps, options_.value_max);
    if (!selections) return selections.error();
    return options_.upstream ? send_upstream(*zone, std::move(*selections))
                             : serve(*zone, std::move(*selections));
}

Result<void> Emitter::send_upstream(const json::TimeZone& zone, std::vector<Selection> selections) {
    Upstream upstream(options_, service_);
    const socketio::Stats no_clients;
    const http::ServerStats no_server;
    const HubStats no_hub;
    Meters meters(service_.metrics(), options_.relays,
                  {no_clients, no_server, no_hub, upstream.stats()});
    upstream.start();
    Result<void> fed =
        Feed(options_, zone, std::move(selections), service_, meters, upstream.sink()).run();
    meters.update();
    return fed;
}

Result<void> Emitter::serve(const json::TimeZone& zone, std::vector<Selection> selections) {
    const auto endpoint = net::parse_endpoint(options_.listen);
    if (!endpoint) return endpoint.error();
    const auto verifier = load_verifier(options_);
    if (!verifier) return verifier.error();
    raise_descriptor_limit(options_.clients + spare_connections);

    net::IoThread io("clients");
    http::Server http(io.context(), http_limits(options_));
    socketio::Server server(io.context(), http, server_options(options_));
    Hub hub(server, options_.relays, hub_options(options_, *verifier));
    if (!options_.page.empty()) {
        const auto page = PageFiles::load(options_.page);
        if (!page) return page.error();
        page->serve_on(http);
    }
    Certificate certificate(options_.tls, service_, http);
    if (auto started = certificate.start(); !started)
        return Error{"--tls-cert and --tls-key: " + started.error().message};
    if (auto listening = http.listen(*endpoint); !listening)
        return Error{"--listen: " + listening.error().message};
    io.start();
    log::info("listening", {{"address", net::to_string({endpoint->host, http.port()})}});

    Gate gate(batches_under_way_max);
    const socketio::UplinkStats no_upstream;
    Meters meters(service_.metrics(), options_.relays,
                  {server.stats(), http.stats(), hub.stats(), no_upstream});
    Feed feed(options_, zone, std::move(selections), service_, meters, sink_to(hub, io, gate));
    Result<void> fed = feed.run();

    io.post([&] {
        http.stop();
        server.stop(options_.drain, [] {});
    });
    io.join();
    meters.update();
    return fed;
}

}  // namespace weir::emitter
