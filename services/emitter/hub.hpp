// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "history.hpp"
#include "relay.hpp"
#include "socketio/server.hpp"
#include "translator.hpp"

namespace weir::emitter {

/// Gives events to the clients, and each client of a namespace that is not plain its beginning:
/// one `snapshot`, one `totals`, then every event, none twice and none left out.
///
/// Until catch_up() the past is still being read: it only fills the histories, and who has joined
/// gets the snapshot then.
///
/// Threads: the io thread.
class Hub {
public:
    /// `relays` outlive it. `snapshot_events`: which events a snapshot has.
    Hub(socketio::Server& server, const std::vector<Relay>& relays,
        const std::vector<std::string>& snapshot_events, const HistoryLimits& limits);

    void take(const std::vector<Outgoing>& batch, std::chrono::milliseconds now);

    /// The past has been read.
    void catch_up();

    /// Sends `totals` where they have changed since the last call.
    void send_totals();

private:
    /// A namespace that is not plain.
    struct Room {
        socketio::Namespace& nsp;
        History history;
        std::vector<std::string> events;
        std::vector<std::uint64_t> totals;  ///< by event
        bool totals_changed = false;
        std::uint64_t snapshot_version = 0;
        socketio::ChunkPtr snapshot;  ///< encoded for sockets, of that version of the history
    };

    void welcome(Room& room, socketio::Socket& socket);
    Room* room_of(const Relay& relay);
    static std::string totals_json(const Room& room);

    socketio::Server& server_;
    const std::vector<Relay>& relays_;
    std::vector<std::unique_ptr<Room>> rooms_;
    bool caught_up_ = false;
};

}  // namespace weir::emitter
