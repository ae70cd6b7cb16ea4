// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "hub_stats.hpp"
#include "jwt/verifier.hpp"
#include "key_set.hpp"
#include "socketio/namespace.hpp"

namespace weir::emitter {

/// Who may join, and which keys each client gets: all, those its token lets it see, or those of
/// them it has chosen, when it connected or later.
///
/// Problem: of a record, only those clients are to be looked at that want its key, however many
/// others there are. So each key that somebody gets is a room of its namespace; and who does not
/// get all is in one more room, which the event for all the others leaves out.
///
/// Threads: the io thread.
class Audience {
public:
    using Seconds = std::chrono::sys_seconds;

    struct Options {
        std::size_t keys_max = 100;  ///< of one client; ServerOptions::rooms_max is larger
        /// Of a client's `auth.token`; its list is the keys the client may see. Null: no token is
        /// needed.
        std::shared_ptr<const jwt::Verifier> verifier = {};
    };

    /// `stats` outlives it.
    Audience(Options options, HubStats& stats) : options_(std::move(options)), stats_(stats) {}

    bool needs_tokens() const { return options_.verifier != nullptr; }

    /// Whether a client that asks to join may. In a namespace where clients choose, it is also
    /// refused if its `auth.keys` are no list of keys that it may see.
    std::optional<socketio::Refusal> admit(socketio::Joining& joining, bool chooses,
                                           Seconds now) const;

    /// The keys a client gets, by Socket::data or Joining::data; null: all.
    static const KeySet* keys_of(const std::shared_ptr<void>& data);

    /// A client has joined, or left.
    void enter(socketio::Socket& socket);
    void leave(socketio::Socket& socket);

    /// Drops the connections of those whose token's time is over: they come back by themselves,
    /// with a new token if they have one.
    void expire(Seconds now);

    /// More keys, or fewer. `args`: one list of keys. The first subscribe() leaves a client only
    /// those. Returns which of the keys it did not get before. After an error nothing has changed.
    Result<KeySet> subscribe(socketio::Socket& socket, std::string_view args);
    Result<void> unsubscribe(socketio::Socket& socket, std::string_view args);

    /// Sends an event of a record to all that get its key. As Namespace has them.
    static void emit(socketio::Namespace& nsp, std::string_view event, std::string_view key,
                     std::string_view args);
    static std::uint64_t emit_volatile(socketio::Namespace& nsp, std::string_view event,
                                       std::string_view key, std::string_view args,
                                       std::size_t stream);

private:
    struct Viewer;

    static Viewer* viewer_of(const std::shared_ptr<void>& data);
    static Viewer& make_viewer(socketio::Socket& socket);
    socketio::Refusal refuse(jwt::Fault fault) const;
    std::optional<socketio::Refusal> check_token(const socketio::Joining& joining, Seconds now,
                                                 Viewer& viewer) const;
    void choose(socketio::Socket& socket, Viewer& viewer, KeySet keys);

    const Options options_;
    HubStats& stats_;
    std::set<std::pair<Seconds, socketio::Socket*>> expiring_;
};

}  // namespace weir::emitter
