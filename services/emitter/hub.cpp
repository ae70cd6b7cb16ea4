// SPDX-License-Identifier: Apache-2.0
#include "hub.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace weir::emitter {
namespace {

// Clients that wait for us to be as far as where they come from.
constexpr std::size_t returning_max = 1'000;

// The streams of volatile events: relays for the latest have no need of one each.
constexpr std::size_t latest_stream = 0;
constexpr std::size_t drop_stream(std::size_t relay) { return relay + 1; }
constexpr std::size_t relay_of(std::size_t stream) { return stream - 1; }

// What is sent again, kept for the next client that stands at the same place.
constexpr std::size_t resends_max = 16;

std::vector<std::string> events_of(const std::vector<Relay>& relays, std::string_view nsp) {
    std::vector<std::string> events;
    for (const Relay& relay : relays)
        if (relay.nsp == nsp && std::ranges::find(events, relay.event) == events.end())
            events.push_back(relay.event);
    return events;
}

std::vector<std::string> common(std::vector<std::string> events,
                                const std::vector<std::string>& wanted) {
    std::erase_if(events, [&](const std::string& event) {
        return std::ranges::find(wanted, event) == wanted.end();
    });
    return events;
}

std::vector<std::string> topics_of(const std::vector<Relay>& relays, std::string_view nsp) {
    std::vector<std::string> topics;
    for (const Relay& relay : relays)
        if (relay.nsp == nsp && !relay.is_volatile() &&
            std::ranges::find(topics, relay.topic) == topics.end())
            topics.push_back(relay.topic);
    return topics;
}

/// This machine's clock, in milliseconds since 1970.
std::string unix_ms() {
    using namespace std::chrono;
    const auto now = system_clock::now().time_since_epoch();
    return std::to_string(duration_cast<milliseconds>(now).count());
}

/// The arguments of an event with the offset of its record, where it has one.
std::string with_offset(std::string args, std::string_view offset) {
    if (!offset.empty()) fmt::format_to(std::back_inserter(args), ",\"{}\"", offset);
    return args;
}

Audience::Seconds now_seconds() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string keys_answer(const socketio::Socket& socket) {
    return "{\"keys\":" + to_json(*Audience::keys_of(socket.data)) + '}';
}

std::string error_answer(const Error& error) {
    return "{\"error\":" + json_quoted(error.message) + '}';
}

}  // namespace

Hub::Hub(socketio::Server& server, const std::vector<Relay>& relays, const HubOptions& options)
    : server_(server),
      relays_(relays),
      resend_bytes_max_(options.resend_bytes_max),
      recovery_wait_(options.recovery_wait),
      audience_(options.audience, stats_) {
    guard(server_.of("/"));  // clients of other namespaces may join it first
    for (const Relay& relay : relays) {
        socketio::Namespace& nsp = server_.of(relay.nsp);
        latest_.push_back(relay.latest ? std::optional<Latest>(options.latest) : std::nullopt);
        recent_.push_back(relay.drop ? std::optional<Recent>(options.recent_bytes_max)
                                     : std::nullopt);
        if (relay.is_volatile())
            nsp.on_ready([this](socketio::Socket& socket, const socketio::Missed& missed) {
                make_up(socket, missed);
            });
        if (!is_plain(relay.nsp) && channel_of(relay) == nullptr) add_channel(nsp, options);
    }
}

void Hub::add_channel(socketio::Namespace& nsp, const HubOptions& options) {
    auto events = events_of(relays_, nsp.name());
    History history(common(events, options.snapshot_events), options.history);
    std::optional<Backlog> backlog;
    if (options.recovery_bytes_max > 0 && !topics_of(relays_, nsp.name()).empty())
        backlog.emplace(topics_of(relays_, nsp.name()), options.recovery_bytes_max);
    const auto count = events.size();
    channels_.push_back(
        std::make_unique<Channel>(Channel{.nsp = nsp,
                                          .history = std::move(history),
                                          .backlog = std::move(backlog),
                                          .events = std::move(events),
                                          .totals = std::vector<std::uint64_t>(count),
                                          .snapshot = {},
                                          .early = {},
                                          .returning = {}}));
    add_handlers(*channels_.back());
}

/// Where clients choose nothing, but not everybody may see everything.
void Hub::guard(socketio::Namespace& nsp) {
    if (!audience_.needs_tokens()) return;
    nsp.on_admit([this](socketio::Joining& joining) {
        return audience_.admit(joining, false, now_seconds());
    });
    nsp.on_connect([this](socketio::Socket& socket, std::string_view) { audience_.enter(socket); });
    nsp.on_disconnect(
        [this](socketio::Socket& socket, socketio::CloseReason) { audience_.leave(socket); });
}

void Hub::add_handlers(Channel& channel) {
    using socketio::Event, socketio::Joining, socketio::Namespace, socketio::Socket;
    Namespace& nsp = channel.nsp;
    nsp.on_admit(
        [this](Joining& joining) { return audience_.admit(joining, true, now_seconds()); });
    nsp.on_connect([this, &channel](Socket& socket, std::string_view) {
        audience_.enter(socket);
        caught_up_ ? welcome(channel, socket) : void(channel.early.insert(&socket));
    });
    nsp.on_disconnect([this, &channel](Socket& socket, socketio::CloseReason) {
        audience_.leave(socket);
        channel.early.erase(&socket);
    });
    nsp.on_event("subscribe", [this, &channel](Socket& socket, Event& event) {
        on_subscribe(channel, socket, event);
    });
    nsp.on_event("unsubscribe",
                 [this](Socket& socket, Event& event) { on_unsubscribe(socket, event); });
    nsp.on_event("time", [](Socket&, Event& event) {
        if (event.ack) event.ack->send(unix_ms());
    });
    if (channel.backlog)
        nsp.on_return([this, &channel](const Joining& joining, std::string_view offset,
                                       Namespace::Decide decide) {
            take_back(channel, joining, offset, std::move(decide));
        });
}

Hub::Channel* Hub::channel_of(const Relay& relay) const {
    for (const auto& channel : channels_)
        if (channel->nsp.name() == relay.nsp) return channel.get();
    return nullptr;
}

bool Hub::is_tracked(const Channel& channel, std::string_view topic) const {
    return channel.backlog && std::ranges::any_of(relays_, [&](const Relay& relay) {
               return relay.topic == topic && relay.nsp == channel.nsp.name() &&
                      !relay.is_volatile();
           });
}

void Hub::start(const std::vector<kafka::Position>& positions) {
    for (const auto& channel : channels_) {
        for (const auto& [where, offset, _] : positions)
            if (is_tracked(*channel, where.topic))
                channel->backlog->begin(where.topic, number(where.partition), number(offset));
        if (!channel->backlog) continue;
        const std::size_t partitions = channel->backlog->now().partitions();
        if (partitions <= OffsetVector::partitions_max) continue;
        log::warn("too many partitions for clients to be sent only what they have missed",
                  {{"namespace", channel->nsp.name()},
                   {"partitions", partitions},
                   {"most", OffsetVector::partitions_max}});
        channel->backlog.reset();
        channel->snapshot_version = 0;
    }
}

void Hub::welcome(Channel& channel, socketio::Socket& socket) {
    const KeySet* const keys = Audience::keys_of(socket.data);
    if (!socket.recovered()) send_snapshot(channel, socket, keys);
    socket.emit(totals_event, totals_args(channel));
    send_latest(socket, 0, keys);
}

void Hub::send_snapshot(Channel& channel, socketio::Socket& socket, const KeySet* keys) const {
    if (keys != nullptr) return socket.emit(snapshot_event, snapshot_args(channel, keys));
    const std::uint64_t version =
        channel.history.version() + (channel.backlog ? channel.backlog->version() : 0);
    if (channel.snapshot_version != version) {
        channel.snapshot = channel.nsp.encode(snapshot_event, snapshot_args(channel, nullptr));
        channel.snapshot_version = version;
    }
    socket.emit(channel.snapshot);
}

/// The snapshot comes before the answer, so that who has the answer has the keys' past; and as an
/// event, so that its offset counts when the client comes back.
void Hub::on_subscribe(Channel& channel, socketio::Socket& socket, socketio::Event& event) {
    channel.nsp.settle(socket);  // what it did without is of the keys it has
    const auto added = audience_.subscribe(socket, event.args);
    if (added.ok() && !added->empty() && caught_up_) {
        send_snapshot(channel, socket, &*added);
        send_latest(socket, 0, &*added);
    }
    if (event.ack) event.ack->send(added.ok() ? keys_answer(socket) : error_answer(added.error()));
}

void Hub::on_unsubscribe(socketio::Socket& socket, socketio::Event& event) {
    socket.nsp().settle(socket);
    const auto done = audience_.unsubscribe(socket, event.args);
    if (event.ack) event.ack->send(done.ok() ? keys_answer(socket) : error_answer(done.error()));
}

bool Hub::has_reached(const Channel& channel, const OffsetVector& there) const {
    return caught_up_ && (!channel.backlog || channel.backlog->has_reached(there));
}

/// Another replica may have been further than we are: then the client waits until we are, or for
/// so long that a snapshot is better.
void Hub::take_back(Channel& channel, const socketio::Joining& joining, std::string_view offset,
                    socketio::Namespace::Decide decide) {
    const auto there = channel.backlog ? channel.backlog->now().read(offset) : std::nullopt;
    if (!there) return decide(nullptr);
    if (has_reached(channel, *there))
        return decide(missed(channel, *there, Audience::keys_of(joining.data)));
    if (channel.returning.size() >= returning_max) return decide(nullptr);
    channel.returning.push_back(
        {*there, joining.data, std::move(decide), Clock::now() + recovery_wait_});
}

void Hub::take_back_waiting(Channel& channel) {
    const auto now = Clock::now();
    for (auto client = channel.returning.begin(); client != channel.returning.end();) {
        const bool reached = has_reached(channel, client->there);
        if (!reached && now < client->deadline) {
            ++client;
            continue;
        }
        const Returning taken = std::move(*client);
        client = channel.returning.erase(client);
        taken.decide(reached ? missed(channel, taken.there, Audience::keys_of(taken.data))
                             : nullptr);
    }
}

socketio::ChunkPtr Hub::missed(Channel& channel, const OffsetVector& there,
                               const KeySet* keys) const {
    if (!channel.backlog) return nullptr;
    if (std::exchange(channel.resends_version, channel.backlog->version()) !=
        channel.resends_version)
        channel.resends.clear();
    const std::string text = there.text();
    const bool shared = keys == nullptr;
    if (const auto known = channel.resends.find(text); shared && known != channel.resends.end())
        return known->second;
    const auto events = channel.backlog->since(there, resend_bytes_max_, keys);
    if (!events) return nullptr;
    auto chunk = std::make_shared<socketio::Chunk>();
    for (const auto& [event, offset] : *events)
        channel.nsp.add_to(*chunk, relays_[event->relay].event, with_offset(event->args, offset));
    if (shared && channel.resends.size() < resends_max) channel.resends.emplace(text, chunk);
    return chunk;
}

void Hub::take(const std::vector<Outgoing>& batch, const std::vector<kafka::Position>& ends,
               std::chrono::milliseconds now) {
    for (const auto& channel : channels_)
        channel->history.expire(now);
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const Outgoing& outgoing = batch[i];
        const Relay& relay = relays_[outgoing.relay];
        Channel* const channel = channel_of(relay);
        const bool good = outgoing.is_event();
        if (channel == nullptr && relay.is_volatile()) {
            if (good && outgoing.is_live) send_volatile(outgoing, true);
            continue;
        }
        if (channel == nullptr) {
            if (good && outgoing.is_live)
                Audience::emit(server_.of(relay.nsp), relay.event, outgoing.key, outgoing.value);
            continue;
        }
        if (outgoing.filter == Filter::none) count(*channel, relay.event);
        const bool is_last = ends_record(batch, i);
        if (relay.is_volatile()) {
            if (good) send_volatile(outgoing, caught_up_);
        } else if (good) {
            channel->history.add(relay, outgoing, now);
            send(*channel, outgoing, is_last);
        } else if (channel->backlog && is_last) {
            channel->backlog->pass(relay.topic, outgoing.partition, outgoing.offset + 1);
            // Clients have to know, too: no event may come for long.
            channel->totals_changed = true;
        }
    }
    for (const auto& channel : channels_) {
        for (const auto& [where, offset, _] : ends)
            if (is_tracked(*channel, where.topic)) {
                const std::uint64_t before = channel->backlog->version();
                channel->backlog->pass(where.topic, number(where.partition), number(offset));
                channel->totals_changed =
                    channel->totals_changed || channel->backlog->version() != before;
            }
        take_back_waiting(*channel);
    }
}

void Hub::count(Channel& channel, std::string_view event) {
    const auto place = std::ranges::find(channel.events, event) - channel.events.begin();
    ++channel.totals[static_cast<std::size_t>(place)];
    channel.totals_changed = true;
}

void Hub::send(Channel& channel, const Outgoing& outgoing, bool ends_record) {
    const Relay& relay = relays_[outgoing.relay];
    std::string args = outgoing.value + ',' + outgoing.meta;
    std::string offset;
    if (channel.backlog) {
        channel.backlog->add(relay.topic, {.relay = outgoing.relay,
                                           .partition = outgoing.partition,
                                           .offset = outgoing.offset,
                                           .ends_record = ends_record,
                                           .key = outgoing.key,
                                           .args = args});
        if (ends_record) offset = channel.backlog->offset();
    }
    if (caught_up_)
        Audience::emit(channel.nsp, relay.event, outgoing.key,
                       with_offset(std::move(args), offset));
}

void Hub::send_volatile(const Outgoing& outgoing, bool now) {
    const Relay& relay = relays_[outgoing.relay];
    socketio::Namespace& nsp = server_.of(relay.nsp);
    std::string args = outgoing.value;
    if (!is_plain(relay.nsp)) args += ',' + outgoing.meta;
    const std::size_t stream = relay.drop ? drop_stream(outgoing.relay) : latest_stream;
    const std::uint64_t number =
        now ? Audience::emit_volatile(nsp, relay.event, outgoing.key, args, stream) : 0;
    if (relay.latest)
        latest_[outgoing.relay]->put(outgoing.key, number, std::move(args));
    else if (now && nsp.size() > 0)
        recent_[outgoing.relay]->put(outgoing.key, number, nsp.encode(relay.event, args));
}

void Hub::make_up(socketio::Socket& socket, const socketio::Missed& missed) {
    const KeySet* const keys = Audience::keys_of(socket.data);
    if (missed.stream == latest_stream) return send_latest(socket, missed.first, keys);
    const std::size_t relay = relay_of(missed.stream);
    const auto events = recent_[relay]->since(missed.first, keys);
    WEIR_ASSERT(events.size() <= missed.count, "a client did without all since the first");
    if (const std::uint64_t lost = missed.count - events.size(); lost > 0) {
        stats_.dropped += lost;
        socket.emit(dropped_event, fmt::format(R"({{"event":{},"count":{}}})",
                                               json_quoted(relays_[relay].event), lost));
    }
    for (const socketio::ChunkPtr& event : events)
        socket.emit(event);
}

void Hub::send_latest(socketio::Socket& socket, std::uint64_t first, const KeySet* keys) const {
    for (std::size_t i = 0; i < relays_.size(); ++i)
        if (latest_[i] && relays_[i].nsp == socket.nsp().name())
            for (const std::string_view args : latest_[i]->since(first, keys))
                socket.emit(relays_[i].event, args);
}

bool Hub::ends_record(const std::vector<Outgoing>& batch, std::size_t index) const {
    const Outgoing& record = batch[index];
    const Relay& relay = relays_[record.relay];
    for (std::size_t i = index + 1; i < batch.size(); ++i) {
        const Relay& other = relays_[batch[i].relay];
        if (batch[i].offset != record.offset || batch[i].partition != record.partition ||
            other.topic != relay.topic)
            return true;
        if (other.nsp == relay.nsp && !other.is_volatile() && batch[i].is_event()) return false;
    }
    return true;
}

void Hub::catch_up() {
    caught_up_ = true;
    for (const auto& channel : channels_) {
        channel->totals_changed = false;  // all who are there get them here
        for (socketio::Socket* socket : std::exchange(channel->early, {}))
            welcome(*channel, *socket);
    }
    tick();
}

void Hub::tick() {
    audience_.expire(now_seconds());
    for (const auto& channel : channels_) {
        if (caught_up_ && std::exchange(channel->totals_changed, false))
            channel->nsp.emit(totals_event, totals_args(*channel));
        take_back_waiting(*channel);
    }
}

std::string Hub::snapshot_args(const Channel& channel, const KeySet* keys) {
    return with_offset(keys == nullptr ? channel.history.snapshot()
                                       : channel.history.snapshot(*keys) + ',' + to_json(*keys),
                       channel.backlog ? channel.backlog->offset() : "");
}

std::string Hub::totals_args(const Channel& channel) {
    std::string json = "{";
    for (std::size_t i = 0; i < channel.events.size(); ++i)
        json += fmt::format("{}{}:{}", i == 0 ? "" : ",", json_quoted(channel.events[i]),
                            channel.totals[i]);
    return with_offset(json + '}', channel.backlog ? channel.backlog->offset() : "");
}

}  // namespace weir::emitter
