// SPDX-License-Identifier: Apache-2.0
#include "upstream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace weir::emitter {
namespace {

// Batches that are sent and have no receipt yet; each has at most a thousand records.
constexpr std::size_t batches_under_way_max = 4;

socketio::UplinkOptions uplink_options(const Options& options) {
    std::vector<std::string> nsps;
    for (const Relay& relay : options.relays)
        if (std::ranges::find(nsps, relay.nsp) == nsps.end()) nsps.push_back(relay.nsp);
    return {.url = *options.upstream,
            .tls = {.ca_file = options.upstream_ca},
            .nsps = std::move(nsps),
            .auth = options.upstream_auth,
            .receipt = options.upstream_ack ? socketio::Receipt::acked : socketio::Receipt::read,
            .timeout = options.upstream_timeout};
}

}  // namespace

Upstream::Upstream(const Options& options, runtime::Service& service)
    : options_(options),
      ready_(service.health().condition("upstream")),
      gate_(batches_under_way_max),
      io_("upstream"),
      uplink_(io_.context(), uplink_options(options),
              {.connected =
                   [this] {
                       told_.clear();
                       ready_.met();
                       log::info("connected to the upstream", {{"url", options_.upstream->text()}});
                   },
               .lost = [this](const std::string& reason) { on_lost(reason); },
               .delivered = [this] { on_delivered(); }}) {}

Upstream::~Upstream() {
    io_.post([this] { uplink_.stop(); });
    io_.join();
}

void Upstream::start() {
    io_.post([this] { uplink_.start(); });
    io_.start();
}

void Upstream::on_lost(const std::string& reason) {
    ready_.unmet(fmt::format("{}: {}", options_.upstream->text(), reason));
    if (std::exchange(told_, reason) == reason) return;
    log::warn("no connection to the upstream",
              {{"url", options_.upstream->text()}, {"reason", reason}});
}

FeedSink Upstream::sink() {
    return {.await_room = [this](std::chrono::milliseconds timeout) { return gate_.wait(timeout); },
            .start =
                [this](const Positions& positions) {
                    const std::scoped_lock lock(mutex_);
                    for (const auto& [where, offset, _] : positions)
                        done_[where] = offset;
                },
            .take = [this](const std::vector<Outgoing>& batch,
                           const Positions& ends) { take(batch, ends); },
            .caught_up = [] {},
            .tick = [] {},
            .done = [this] { return done(); },
            .finish = [this] { finish(); }};
}

void Upstream::take(const std::vector<Outgoing>& batch, const Positions& ends) {
    std::vector<socketio::UplinkEvent> events;
    Positions after;
    for (const Outgoing& outgoing : batch) {
        const Relay& relay = options_.relays[outgoing.relay];
        after.push_back(
            {{relay.topic, Partition{outgoing.partition}}, next(Offset{outgoing.offset}), {}});
        if (!outgoing.is_event()) continue;
        std::string args = outgoing.value;
        if (!is_plain(relay.nsp)) args += ',' + outgoing.meta;
        events.push_back({.nsp = relay.nsp, .name = relay.event, .args = std::move(args)});
    }
    after.insert(after.end(), ends.begin(), ends.end());
    gate_.enter();
    {
        const std::scoped_lock lock(mutex_);
        under_way_.push_back(std::move(after));
    }
    io_.post([this, events = std::move(events)]() mutable { uplink_.send(std::move(events)); });
}

void Upstream::on_delivered() {
    {
        const std::scoped_lock lock(mutex_);
        for (const auto& [where, offset, _] : under_way_.front())
            done_[where] = offset;
        under_way_.pop_front();
    }
    changed_.notify_all();
    gate_.leave();
}

Upstream::Positions Upstream::done() {
    const std::scoped_lock lock(mutex_);
    Positions positions;
    for (const auto& [where, offset] : done_)
        positions.push_back({where, offset, {}});
    done_.clear();
    return positions;
}

void Upstream::finish() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, options_.drain, [this] { return under_way_.empty(); });
}

}  // namespace weir::emitter
