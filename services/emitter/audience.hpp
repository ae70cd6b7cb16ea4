// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "hub_stats.hpp"
#include "key_set.hpp"
#include "socketio/namespace.hpp"

namespace weir::emitter {

/// Which keys each client gets: all, or those it has chosen, when it connected or later.
///
/// Problem: of a record, only those clients are to be looked at that want its key, however many
/// others there are. So each key that somebody has chosen is a room of its namespace; and who has
/// chosen is in one more room, which the event for all the others leaves out.
///
/// Threads: the io thread.
class Audience {
public:
    /// `stats` outlives it. `keys_max`: of one client; ServerOptions::rooms_max is larger.
    Audience(std::size_t keys_max, HubStats& stats) : keys_max_(keys_max), stats_(stats) {}

    /// Reads `{"keys":["device1",…]}`, whatever else there is, of a client that asks to join. It is
    /// refused if that is no such list.
    std::optional<socketio::Refusal> admit(socketio::Joining& joining) const;

    /// The keys of a client, by Socket::data or Joining::data; null: all.
    static const KeySet* keys_of(const std::shared_ptr<void>& data);

    /// A client has joined, or left.
    void enter(socketio::Socket& socket);
    void leave(const socketio::Socket& socket);

    /// More keys, or fewer. `args`: one list of keys. The first subscribe() leaves a client only
    /// those. Returns which of the keys it did not get before. After an error nothing has changed.
    Result<KeySet> subscribe(socketio::Socket& socket, std::string_view args);
    Result<void> unsubscribe(socketio::Socket& socket, std::string_view args);

    /// Sends an event of a record to all that want its key. As Namespace has them.
    static void emit(socketio::Namespace& nsp, std::string_view event, std::string_view key,
                     std::string_view args);
    static std::uint64_t emit_volatile(socketio::Namespace& nsp, std::string_view event,
                                       std::string_view key, std::string_view args);

private:
    void choose(socketio::Socket& socket, KeySet keys);

    const std::size_t keys_max_;
    HubStats& stats_;
};

}  // namespace weir::emitter
