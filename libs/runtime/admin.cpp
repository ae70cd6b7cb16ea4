// SPDX-License-Identifier: Apache-2.0
#include "runtime/admin.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/log.hpp"
#include "http/get.hpp"
#include "http/server.hpp"
#include "net/endpoint.hpp"

namespace weir::runtime {
namespace {

using namespace std::chrono_literals;

// Probes and one or two scrapers: more connections than this are a mistake somewhere. Requests are
// one packet, so whoever is slow only keeps a connection from others and the process from ending.
constexpr http::Limits admin_limits{.connections_max = 64,
                                    .body_bytes_max = 1024,
                                    .header_max = 2s,
                                    .body_max = 2s,
                                    .stop_max = 500ms};

// A service answers from memory; whoever takes longer is not well.
constexpr auto probe_max = 2s;

http::Response answer(const Health::Report& report) {
    return {.status = report.good ? 200U : 503U,
            .content_type = "application/json",
            .body = report.json + "\n"};
}

std::vector<Reading> show(const Health& health, Metrics& metrics) {
    std::vector<Reading> readings;
    readings.push_back(metrics.gauge_function(
        "weir_ready", "1 if the service can do its job now, as /readyz says.",
        [&health] { return health.ready().good ? 1.0 : 0.0; }));
    readings.push_back(metrics.gauge_function(
        "weir_alive", "1 if every loop of the service comes round, as /healthz says.",
        [&health] { return health.alive().good ? 1.0 : 0.0; }));
    readings.push_back(metrics.gauge_family(
        "weir_condition_met", "1 if this condition of being ready is met.", [&health] {
            std::vector<Sample> samples;
            for (const auto& [name, met] : health.conditions())
                samples.push_back({{{"condition", name}}, met ? 1.0 : 0.0});
            return samples;
        }));
    return readings;
}

}  // namespace

struct AdminServer::State {
    std::vector<Reading> health;
    http::Server server{admin_limits};
};

AdminServer::AdminServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
AdminServer::~AdminServer() = default;

std::uint16_t AdminServer::port() const { return state_->server.port(); }

Result<void> check_admin_endpoint(const std::string& where) {
    if (where == "off") return {};
    const auto endpoint = net::parse_endpoint(where);
    if (!endpoint) return endpoint.error();
    return {};
}

Result<std::unique_ptr<AdminServer>> AdminServer::start(const std::string& where,
                                                        const Health& health, Metrics& metrics) {
    auto state = std::make_unique<State>();
    if (where == "off") return std::unique_ptr<AdminServer>(new AdminServer(std::move(state)));
    const auto endpoint = net::parse_endpoint(where);
    if (!endpoint) return Error{fmt::format("--admin: {}", endpoint.error().message)};

    state->health = show(health, metrics);
    state->server.route("GET", "/healthz",
                        [&health](const http::Request&) { return answer(health.alive()); });
    state->server.route("GET", "/readyz",
                        [&health](const http::Request&) { return answer(health.ready()); });
    state->server.route("GET", "/metrics", [&metrics](const http::Request&) {
        return http::Response{.content_type = "text/plain; version=0.0.4; charset=utf-8",
                              .body = metrics.text()};
    });
    if (auto outcome = state->server.listen(*endpoint); !outcome)
        return Error{fmt::format("--admin {}: {}", where, outcome.error().message)};
    log::info("serving health and metrics",
              {{"address", net::to_string({endpoint->host, state->server.port()})}});
    return std::unique_ptr<AdminServer>(new AdminServer(std::move(state)));
}

Result<std::string> probe(const std::string& where) {
    const auto endpoint = net::parse_endpoint(where);
    if (!endpoint || endpoint->port == 0)
        return Error{fmt::format("--admin: {} is nothing that can be asked", where)};
    auto answer = http::get(*endpoint, "/readyz", probe_max);
    if (!answer) return answer.error();
    if (answer->status != 200)
        return Error{fmt::format("not ready ({}): {}", answer->status, answer->body)};
    return std::move(answer->body);
}

}  // namespace weir::runtime
