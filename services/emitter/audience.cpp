// SPDX-License-Identifier: Apache-2.0
#include "audience.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "json/document.hpp"

namespace weir::emitter {
namespace {

// Who is in it has chosen keys. The room of a key begins with another character.
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

}  // namespace

std::optional<socketio::Refusal> Audience::admit(socketio::Joining& joining) const {
    json::Document document;
    if (const auto read = document.read(joining.auth); !read)
        return socketio::Refusal{"auth: " + read.error().message};
    const auto list = document.find(json::Pointer::member("keys"));
    if (!list || list->type() == json::Type::null) return std::nullopt;
    auto keys = read_keys(*list, keys_max_);
    if (!keys) return socketio::Refusal{"auth.keys: " + keys.error().message};
    joining.data = std::make_shared<KeySet>(std::move(*keys));
    return std::nullopt;
}

const KeySet* Audience::keys_of(const std::shared_ptr<void>& data) {
    return static_cast<const KeySet*>(data.get());
}

void Audience::enter(socketio::Socket& socket) {
    if (socket.data == nullptr) return;
    const auto chosen = std::exchange(socket.data, nullptr);
    choose(socket, *keys_of(chosen));
}

void Audience::leave(const socketio::Socket& socket) {
    if (socket.data != nullptr) --stats_.subscribed;
}

void Audience::choose(socketio::Socket& socket, KeySet keys) {
    static const KeySet none;
    const KeySet* const before = keys_of(socket.data);
    if (before == nullptr) {
        join(socket, choosers);
        ++stats_.subscribed;
    }
    for (const std::string& key : without(before == nullptr ? none : *before, keys))
        socket.leave(room_of(key));
    for (const std::string& key : keys)
        join(socket, room_of(key));
    socket.data = std::make_shared<KeySet>(std::move(keys));
}

Result<KeySet> Audience::subscribe(socketio::Socket& socket, std::string_view args) {
    auto wanted = read_keys(args, keys_max_);
    if (!wanted) return wanted.error();
    const KeySet* const before = keys_of(socket.data);
    KeySet added;
    if (before != nullptr) {
        added = without(*wanted, *before);
        wanted->insert(before->begin(), before->end());
        if (wanted->size() > keys_max_)
            return Error{fmt::format("expected at most {} keys in all, got {}", keys_max_,
                                     wanted->size())};
    }
    choose(socket, std::move(*wanted));
    return added;
}

Result<void> Audience::unsubscribe(socketio::Socket& socket, std::string_view args) {
    const auto unwanted = read_keys(args, keys_max_);
    if (!unwanted) return unwanted.error();
    const KeySet* const before = keys_of(socket.data);
    if (before == nullptr) return Error{"expected a subscribe first: this client gets all keys"};
    choose(socket, without(*before, *unwanted));
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
                                      std::string_view key, std::string_view args) {
    if (nsp.rooms() == 0) return nsp.emit_volatile(event, args);
    nsp.except(choosers).emit_volatile(event, args);
    return nsp.to(room_of(key)).emit_volatile(event, args);
}

}  // namespace weir::emitter
