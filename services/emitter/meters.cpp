// SPDX-License-Identifier: Apache-2.0
#include "meters.hpp"

namespace weir::emitter {

Meters::Meters(runtime::Metrics& metrics, const std::vector<Relay>& relays,
               const MeterSources& sources)
    : metrics_(metrics),
      delay_(metrics.histogram("weir_relay_seconds",
                               "Time from a record's production to its events, as the clocks of "
                               "producer and emitter tell.",
                               runtime::Metrics::latency_buckets())),
      lag_(metrics.gauge("weir_input_lag_records", "Input records not read yet.")) {
    for (const Relay& relay : relays)
        if (!read_.contains(relay.topic))
            read_.emplace(relay.topic,
                          metrics.counter("weir_records_in_total", "Records read from Kafka.",
                                          {{"topic", relay.topic}}));
    for (const Flaw flaw :
         {Flaw::too_large, Flaw::not_an_object, Flaw::not_a_result, Flaw::map_failed})
        flawed_.emplace(flaw, metrics.counter("weir_records_flawed_total",
                                              "Times a record did not become an event.",
                                              {{"reason", std::string(name(flaw))}}));
    for (const Filter filter : {Filter::key, Filter::map})
        filtered_.emplace(filter, metrics.counter("weir_filtered_records_total",
                                                  "Times --keys or --map left out a record.",
                                                  {{"reason", std::string(name(filter))}}));
    follow_upstream(sources.upstream);
    follow_clients(sources.clients);
    follow_hub(sources.hub);
    follow_http(sources.http);
}

void Meters::follow_http(const http::ServerStats& http) {
    shown_.push_back(
        {http.connections,
         metrics_.gauge("weir_http_connections", "Open HTTP connections, WebSockets apart.")});
    follow(http.requests, "weir_http_requests_total", "HTTP requests answered.");
    follow(http.bad_requests, "weir_http_bad_requests_total",
           "Requests that were no HTTP, too large or too slow.");
    follow(http.refused_connections, "weir_http_refused_connections_total",
           "Connections beyond the limit.");
    shown_.push_back({http.handshakes, metrics_.gauge("weir_tls_handshakes",
                                                      "TLS handshakes that are not done yet.")});
    for (std::size_t i = 0; i < http.failed_handshakes.size(); ++i)
        follow(http.failed_handshakes[i], "weir_tls_handshakes_failed_total",
               "TLS handshakes that did not come to their end, and why.",
               {{"reason", std::string(name(static_cast<http::HandshakeFailure>(i)))}});
}

void Meters::follow_upstream(const socketio::UplinkStats& upstream) {
    follow(upstream.connections, "weir_upstream_connections_total",
           "Connections to --upstream that came about.");
    follow(upstream.delivered, "weir_upstream_events_total", "Events that --upstream has got.");
    follow(upstream.sent_again, "weir_upstream_events_repeated_total",
           "Events sent again after a connection to --upstream was lost.");
    follow(upstream.too_large, "weir_upstream_events_too_large_total",
           "Events left out that were larger than --upstream takes.");
    shown_.push_back({upstream.undelivered,
                      metrics_.gauge("weir_upstream_waiting_events",
                                     "Events read that --upstream is not known to have got yet.")});
}

void Meters::follow_clients(const socketio::Stats& clients) {
    for (const auto transport : {socketio::Transport::polling, socketio::Transport::websocket}) {
        const runtime::Labels labels{{"transport", std::string(name(transport))}};
        const auto i = static_cast<std::size_t>(transport);
        shown_.push_back(
            {clients.clients[i], metrics_.gauge("weir_clients", "Clients connected now.", labels)});
        follow(clients.opened[i], "weir_clients_opened_total",
               "Clients that have connected, by their first transport.", labels);
    }
    for (std::size_t i = 0; i < clients.closed.size(); ++i)
        follow(clients.closed[i], "weir_clients_closed_total", "Clients that have gone, and why.",
               {{"reason", std::string(name(static_cast<socketio::CloseReason>(i)))}});
    for (std::size_t i = 0; i < clients.refused.size(); ++i)
        follow(clients.refused[i], "weir_client_requests_refused_total",
               "Requests answered with an error of the Engine.IO protocol.",
               {{"reason", std::string(message(static_cast<socketio::RefusalCode>(i)))}});
    follow(clients.refused_busy, "weir_clients_refused_total", "Clients beyond --clients.");
    follow(clients.refused_address, "weir_clients_refused_for_address_total",
           "Clients beyond --clients-per-address.");
    follow(clients.upgrades, "weir_client_upgrades_total", "Clients that changed to WebSocket.");
    follow(clients.upgrades_failed, "weir_client_upgrades_failed_total",
           "Changes to WebSocket that were begun and not completed.");
    const auto returned = [&](const Source& source, const char* outcome) {
        follow(source, "weir_clients_returned_total",
               "Clients that came back knowing what they had got, and what they were sent.",
               {{"sent", outcome}});
    };
    returned(clients.recovered, "missed");
    returned(clients.unrecovered, "snapshot");
    follow(clients.packets_in, "weir_client_messages_in_total", "Messages from clients.");
    follow(clients.packets_out, "weir_client_packets_out_total", "Packets queued for clients.");
    follow(clients.bytes_in, "weir_client_in_bytes_total", "Bytes of messages from clients.");
    follow(clients.bytes_out, "weir_client_out_bytes_total", "Bytes sent to clients.");
    follow(clients.volatile_dropped, "weir_client_volatile_dropped_total",
           "Volatile events left out for clients that were not ready.");
}

void Meters::follow_hub(const HubStats& hub) {
    shown_.push_back({hub.subscribed, metrics_.gauge("weir_clients_subscribed",
                                                     "Clients that get some keys only.")});
    follow(hub.dropped, "weir_client_events_dropped_total",
           "Events of relays with :drop that slow clients lost, as they were told.");
    for (std::size_t i = 0; i < hub.unauthorized.size(); ++i)
        follow(hub.unauthorized[i], "weir_clients_unauthorized_total",
               "Clients whose token was refused, and why.",
               {{"reason", std::string(jwt::name(static_cast<jwt::Fault>(i)))}});
    follow(hub.expired, "weir_clients_expired_total",
           "Clients disconnected because their token had expired.");
}

void Meters::follow(const Source& source, const std::string& name, const std::string& help,
                    const runtime::Labels& labels) {
    followed_.push_back({source, metrics_.counter(name, help, labels)});
}

void Meters::record_read(std::string_view topic) {
    const auto counter = read_.find(topic);
    if (counter != read_.end()) counter->second.add();
}

void Meters::record_flawed(Flaw flaw) { flawed_.at(flaw).add(); }

void Meters::record_filtered(Filter filter) { filtered_.at(filter).add(); }

void Meters::relayed_after(std::chrono::milliseconds delay) {
    delay_.observe(std::chrono::duration<double>(delay).count());
}

void Meters::update() {
    for (Followed& followed : followed_) {
        const std::uint64_t now = followed.source.load(std::memory_order_relaxed);
        followed.counter.add(now - followed.seen);
        followed.seen = now;
    }
    for (Shown& shown : shown_)
        shown.gauge.set(static_cast<double>(shown.source.load(std::memory_order_relaxed)));
}

}  // namespace weir::emitter
