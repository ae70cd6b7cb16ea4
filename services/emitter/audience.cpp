// SPDX-License-Identifier: Apache-2.0
#include "audience.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "client_auth.hpp"

namespace weir::emitter {
namespace {

// Who is in it does not get all keys. The room of a key begins with another character.
constexpr std::string_view choosers = "choosers";

std::string room_of(std::string_view key) { return "=" + std::string(key); }

KeySet without(const KeySet& keys, const KeySet& others) {
    KeySet rest;
    std::ranges::set_difference(keys, others, std::inserter(rest, rest.end()));
    return rest;
}

void join(socketio::Socket& socket, std::string_view room) {
    const auto joined = socket.join(room);
    WEIR_ASSERT(joined.ok(), "keys are bounded more closely than rooms");
}

/// Nothing, or what is said of the first key that is not allowed.
std::optional<Error> check_allowed(const KeySet& keys, const std::optional<KeySet>& allowed) {
    if (!allowed) return std::nullopt;
    const KeySet others = without(keys, *allowed);
    if (others.empty()) return std::nullopt;
    return Error{"the token does not let this client see the key " + json_quoted(*others.begin())};
}

}  // namespace

/// What is known of a client that does not get everything for ever.
struct Audience::Viewer {
    std::optional<KeySet> allowed = {};  ///< nothing: all
    std::optional<KeySet> chosen = {};   ///< nothing: all that are allowed
    std::optional<Seconds> expires = {};

    const KeySet* keys() const {
        if (chosen) return &*chosen;
        return allowed ? &*allowed : nullptr;
    }
};

Audience::Viewer* Audience::viewer_of(const std::shared_ptr<void>& data) {
    return static_cast<Viewer*>(data.get());
}

Audience::Viewer& Audience::make_viewer(socketio::Socket& socket) {
    if (socket.data == nullptr) socket.data = std::make_shared<Viewer>();
    return *viewer_of(socket.data);
}

const KeySet* Audience::keys_of(const std::shared_ptr<void>& data) {
    const Viewer* const viewer = viewer_of(data);
    return viewer == nullptr ? nullptr : viewer->keys();
}

socketio::Refusal Audience::refuse(jwt::Fault fault) const {
    ++stats_.unauthorized[std::size_t(fault)];
    return {.message = "unauthorized",
            .data = fmt::format(R"({{"reason":"{}"}})", jwt::name(fault))};
}

std::optional<socketio::Refusal> Audience::check_token(const socketio::Joining& joining,
                                                       Seconds now, Viewer& viewer) const {
    const auto claims = options_.verifier->verify(read_auth_token(joining.auth), now);
    if (!claims) return refuse(claims.error());
    viewer.expires = claims->expires;
    if (!claims->list) return std::nullopt;
    viewer.allowed.emplace(claims->list->begin(), claims->list->end());
    const bool too_long = std::ranges::any_of(
        *viewer.allowed, [](const std::string& key) { return key.size() > key_bytes_max; });
    if (too_long || viewer.allowed->size() > options_.keys_max) return refuse(jwt::Fault::claim);
    return std::nullopt;
}

std::optional<socketio::Refusal> Audience::admit(socketio::Joining& joining, bool chooses,
                                                 Seconds now) const {
    Viewer viewer;
    if (needs_tokens())
        if (auto refusal = check_token(joining, now, viewer)) return refusal;
    if (chooses) {
        auto keys = read_auth_keys(joining.auth, options_.keys_max);
        if (!keys) return socketio::Refusal{keys.error().message};
        viewer.chosen = std::move(*keys);
        if (viewer.chosen)
            if (const auto wrong = check_allowed(*viewer.chosen, viewer.allowed))
                return socketio::Refusal{"auth.keys: " + wrong->message};
    }
    if (viewer.keys() != nullptr || viewer.expires)
        joining.data = std::make_shared<Viewer>(std::move(viewer));
    return std::nullopt;
}

void Audience::enter(socketio::Socket& socket) {
    Viewer* const viewer = viewer_of(socket.data);
    if (viewer == nullptr) return;
    if (viewer->expires) expiring_.emplace(*viewer->expires, &socket);
    if (viewer->keys() == nullptr) return;
    ++stats_.subscribed;
    join(socket, choosers);
    for (const std::string& key : *viewer->keys())
        join(socket, room_of(key));
}

void Audience::leave(socketio::Socket& socket) {
    const Viewer* const viewer = viewer_of(socket.data);
    if (viewer == nullptr) return;
    if (viewer->expires) expiring_.erase({*viewer->expires, &socket});
    if (viewer->keys() != nullptr) --stats_.subscribed;
}

void Audience::expire(Seconds now) {
    while (!expiring_.empty() && expiring_.begin()->first <= now) {
        ++stats_.expired;
        expiring_.begin()->second->disconnect(socketio::Disconnect::connection);  // it leaves
    }
}

void Audience::choose(socketio::Socket& socket, Viewer& viewer, KeySet keys) {
    KeySet added = keys;
    if (const KeySet* const before = viewer.keys()) {
        for (const std::string& key : without(*before, keys))
            socket.leave(room_of(key));
        added = without(keys, *before);
    } else {
        join(socket, choosers);
        ++stats_.subscribed;
    }
    for (const std::string& key : added)
        join(socket, room_of(key));
    viewer.chosen = std::move(keys);
}

Result<KeySet> Audience::subscribe(socketio::Socket& socket, std::string_view args) {
    auto wanted = read_keys(args, options_.keys_max);
    if (!wanted) return wanted.error();
    Viewer& viewer = make_viewer(socket);
    if (const auto wrong = check_allowed(*wanted, viewer.allowed)) return *wrong;
    KeySet added;
    if (viewer.chosen) {
        added = without(*wanted, *viewer.chosen);
        wanted->insert(viewer.chosen->begin(), viewer.chosen->end());
        if (wanted->size() > options_.keys_max)
            return Error{fmt::format("expected at most {} keys in all, got {}", options_.keys_max,
                                     wanted->size())};
    }
    choose(socket, viewer, std::move(*wanted));
    return added;
}

Result<void> Audience::unsubscribe(socketio::Socket& socket, std::string_view args) {
    const auto unwanted = read_keys(args, options_.keys_max);
    if (!unwanted) return unwanted.error();
    Viewer& viewer = make_viewer(socket);
    if (!viewer.chosen)
        return Error{"expected a subscribe first: this client gets all keys it may see"};
    choose(socket, viewer, without(*viewer.chosen, *unwanted));
    return {};
}

void Audience::emit(socketio::Namespace& nsp, std::string_view event, std::string_view key,
                    std::string_view args) {
    if (nsp.rooms() == 0) return nsp.emit(event, args);
    nsp.except(choosers).emit(event, args);
    nsp.to(room_of(key)).emit(event, args);
}

/// The later of two numbers stands for both: who did without the earlier one did so before it.
std::uint64_t Audience::emit_volatile(socketio::Namespace& nsp, std::string_view event,
                                      std::string_view key, std::string_view args,
                                      std::size_t stream) {
    if (nsp.rooms() == 0) return nsp.emit_volatile(event, args, stream);
    nsp.except(choosers).emit_volatile(event, args, stream);
    return nsp.to(room_of(key)).emit_volatile(event, args, stream);
}

}  // namespace weir::emitter
