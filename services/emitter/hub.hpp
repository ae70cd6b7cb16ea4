// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "audience.hpp"
#include "backlog.hpp"
#include "history.hpp"
#include "hub_stats.hpp"
#include "kafka/record.hpp"
#include "latest.hpp"
#include "recent.hpp"
#include "relay.hpp"
#include "socketio/server.hpp"
#include "translator.hpp"

namespace weir::emitter {

struct HubOptions {
    std::vector<std::string> snapshot_events;  ///< which events a snapshot has
    HistoryLimits history;
    Latest::Limits latest;                     ///< of each relay that is for the latest
    std::size_t recent_bytes_max = 512 << 10;  ///< of each relay that drops
    std::size_t recovery_bytes_max = 2 << 20;  ///< of a namespace's backlog; 0: no recovery
    std::size_t resend_bytes_max = 4 << 20;    ///< for one client that comes back
    std::chrono::milliseconds recovery_wait{5'000};
    Audience::Options audience;
};

/// Gives events to the clients, and each client of a namespace that is not plain its beginning:
/// one `snapshot`, one `totals`, then every event, none twice and none left out. A client that
/// comes back, here or from another replica, gets what it has missed instead of the snapshot.
/// Of relays for the latest, who joins gets the last event of each key, and who was slow gets it
/// for the keys of which it did without some; of relays that drop, the newest events it did
/// without, after how many of them it lost. Who has chosen keys gets all this of those keys only,
/// and of more keys from when it chooses them on, with a beginning of their own.
///
/// Until catch_up() the past is still being read: it only fills the histories, and who has joined
/// gets the snapshot then.
///
/// Threads: the io thread.
class Hub {
public:
    /// `relays` outlive it.
    Hub(socketio::Server& server, const std::vector<Relay>& relays, const HubOptions& options);

    /// From where partitions are read on, before the first of their records.
    void start(const std::vector<kafka::Position>& positions);

    /// Events, and then where partitions have been read to their end.
    void take(const std::vector<Outgoing>& batch, const std::vector<kafka::Position>& ends,
              std::chrono::milliseconds now);

    /// The past has been read.
    void catch_up();

    /// About once a second: sends `totals` where they have changed, and looks at who waits and
    /// whose token's time is over.
    void tick();

    const HubStats& stats() const { return stats_; }

private:
    using Clock = std::chrono::steady_clock;

    /// A client that comes back from a replica that was further than we are.
    struct Returning {
        OffsetVector there;
        std::shared_ptr<void> data;  ///< as Audience knows it
        socketio::Namespace::Decide decide;
        Clock::time_point deadline;
    };

    /// A namespace that is not plain.
    struct Channel {
        socketio::Namespace& nsp;
        History history;
        std::optional<Backlog> backlog;
        std::vector<std::string> events;
        std::vector<std::uint64_t> totals;  ///< by event
        bool totals_changed = false;
        std::uint64_t snapshot_version = 0;           ///< of history and backlog
        socketio::ChunkPtr snapshot;                  ///< encoded for sockets
        std::unordered_set<socketio::Socket*> early;  ///< joined before the past was read
        std::list<Returning> returning;
        std::uint64_t resends_version = 0;  ///< of the backlog
        /// By where a client stands: those of a replica that ended stand at few places.
        std::map<std::string, socketio::ChunkPtr, std::less<>> resends;
    };

    void add_channel(socketio::Namespace& nsp, const HubOptions& options);
    Channel* channel_of(const Relay& relay) const;
    /// Whether a channel's clients are told where they stand in that topic.
    bool is_tracked(const Channel& channel, std::string_view topic) const;
    void guard(socketio::Namespace& nsp);
    void add_handlers(Channel& channel);
    void welcome(Channel& channel, socketio::Socket& socket);
    void send_snapshot(Channel& channel, socketio::Socket& socket, const KeySet* keys) const;
    void on_subscribe(Channel& channel, socketio::Socket& socket, socketio::Event& event);
    void on_unsubscribe(socketio::Socket& socket, socketio::Event& event);
    void take_back(Channel& channel, const socketio::Joining& joining, std::string_view offset,
                   socketio::Namespace::Decide decide);
    void take_back_waiting(Channel& channel);
    bool has_reached(const Channel& channel, const OffsetVector& there) const;
    /// What is missing to who stands there; null when it is to get a snapshot.
    socketio::ChunkPtr missed(Channel& channel, const OffsetVector& there,
                              const KeySet* keys) const;
    static void count(Channel& channel, std::string_view event);
    void send(Channel& channel, const Outgoing& outgoing, bool ends_record);
    void send_volatile(const Outgoing& outgoing, bool now);
    /// Sends what the socket did without.
    void make_up(socketio::Socket& socket, const socketio::Missed& missed);
    /// Of relays for the latest, the last event of each of the keys that has one from there on.
    void send_latest(socketio::Socket& socket, std::uint64_t first, const KeySet* keys) const;
    /// Whether no event of the same record and channel follows the one at `index`.
    bool ends_record(const std::vector<Outgoing>& batch, std::size_t index) const;
    static std::string snapshot_args(const Channel& channel, const KeySet* keys);
    static std::string totals_args(const Channel& channel);

    socketio::Server& server_;
    const std::vector<Relay>& relays_;
    const std::size_t resend_bytes_max_;
    const std::chrono::milliseconds recovery_wait_;
    HubStats stats_;
    Audience audience_;
    std::vector<std::optional<Latest>> latest_;  ///< by relay
    std::vector<std::optional<Recent>> recent_;  ///< by relay
    std::vector<std::unique_ptr<Channel>> channels_;
    bool caught_up_ = false;
};

}  // namespace weir::emitter
