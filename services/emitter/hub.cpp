// SPDX-License-Identifier: Apache-2.0
#include "hub.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace weir::emitter {
namespace {

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

}  // namespace

Hub::Hub(socketio::Server& server, const std::vector<Relay>& relays,
         const std::vector<std::string>& snapshot_events, const HistoryLimits& limits)
    : server_(server), relays_(relays) {
    server_.of("/");  // clients of other namespaces may join it first
    for (const Relay& relay : relays) {
        socketio::Namespace& nsp = server_.of(relay.nsp);
        if (is_plain(relay.nsp) || room_of(relay) != nullptr) continue;
        auto events = events_of(relays, relay.nsp);
        History history(common(events, snapshot_events), limits);
        const auto count = events.size();
        rooms_.push_back(std::make_unique<Room>(Room{.nsp = nsp,
                                                     .history = std::move(history),
                                                     .events = std::move(events),
                                                     .totals = std::vector<std::uint64_t>(count),
                                                     .snapshot = {}}));
        nsp.on_connect(
            [this, room = rooms_.back().get()](socketio::Socket& socket, std::string_view) {
                if (caught_up_) welcome(*room, socket);
            });
    }
}

Hub::Room* Hub::room_of(const Relay& relay) {
    for (const auto& room : rooms_)
        if (room->nsp.name() == relay.nsp) return room.get();
    return nullptr;
}

void Hub::welcome(Room& room, socketio::Socket& socket) {
    if (room.snapshot_version != room.history.version()) {
        room.snapshot = room.nsp.encode(snapshot_event, room.history.snapshot());
        room.snapshot_version = room.history.version();
    }
    socket.emit(room.snapshot);
    socket.emit(totals_event, totals_json(room));
}

void Hub::take(const std::vector<Outgoing>& batch, std::chrono::milliseconds now) {
    for (const auto& room : rooms_)
        room->history.expire(now);
    for (const Outgoing& outgoing : batch) {
        const Relay& relay = relays_[outgoing.relay];
        Room* const room = room_of(relay);
        const bool good = outgoing.flaw == Flaw::none;
        if (room == nullptr) {
            if (good && outgoing.is_live) server_.of(relay.nsp).emit(relay.event, outgoing.value);
            continue;
        }
        const auto event = std::ranges::find(room->events, relay.event) - room->events.begin();
        ++room->totals[static_cast<std::size_t>(event)];
        room->totals_changed = true;
        if (!good) continue;
        room->history.add(relay, outgoing, now);
        if (caught_up_) room->nsp.emit(relay.event, outgoing.value + ',' + outgoing.meta);
    }
}

void Hub::catch_up() {
    caught_up_ = true;
    for (const auto& room : rooms_) {
        room->nsp.emit(snapshot_event, room->history.snapshot());
        room->totals_changed = true;
    }
    send_totals();
}

void Hub::send_totals() {
    if (!caught_up_) return;
    for (const auto& room : rooms_)
        if (std::exchange(room->totals_changed, false))
            room->nsp.emit(totals_event, totals_json(*room));
}

std::string Hub::totals_json(const Room& room) {
    std::string json = "{";
    for (std::size_t i = 0; i < room.events.size(); ++i)
        json +=
            fmt::format("{}{}:{}", i == 0 ? "" : ",", json_quoted(room.events[i]), room.totals[i]);
    return json + '}';
}

}  // namespace weir::emitter
