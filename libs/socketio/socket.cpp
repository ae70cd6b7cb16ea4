// SPDX-License-Identifier: Apache-2.0
#include "socketio/socket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "socketio/ack_table.hpp"
#include "socketio/client.hpp"
#include "socketio/namespace.hpp"
#include "socketio/packet.hpp"
#include "socketio/server_core.hpp"
#include "socketio/session.hpp"

namespace weir::socketio {
namespace {

std::uint32_t count(const Attachments& attachments) {
    return static_cast<std::uint32_t>(attachments.size());
}

}  // namespace

void Ack::send(std::string_view args, const Attachments& attachments) {
    const auto socket = socket_.lock();
    if (!socket || !id_) return;
    std::string data = "[";
    data += args;
    data += ']';
    socket->send(
        encode_packet({.type = attachments.empty() ? PacketType::ack : PacketType::binary_ack,
                       .attachments = count(attachments),
                       .nsp = socket->nsp().name(),
                       .id = std::exchange(id_, std::nullopt),
                       .data = data}),
        attachments);
}

Socket::Socket(Client& client, Session& session, Namespace& nsp, std::string id, bool recovered)
    : client_(&client), session_(&session), nsp_(nsp), id_(std::move(id)), recovered_(recovered) {}

Socket::~Socket() = default;

const std::string& Socket::remote_address() const {
    static const std::string gone;
    return session_ == nullptr ? gone : session_->remote_address();
}

void Socket::send(const std::string& packet, const Attachments& attachments) {
    if (!connected()) return;
    nsp_.catch_up(*this);
    auto chunk = std::make_shared<Chunk>();
    chunk->add_packet(EngineType::message, packet);
    for (const std::string& bytes : attachments)
        chunk->add_binary(bytes);
    session_->send(std::move(chunk));
}

void Socket::emit(std::string_view event, std::string_view args, const Attachments& attachments) {
    if (connected()) send(encode_event(nsp_.name(), event, args, count(attachments)), attachments);
}

void Socket::emit(const ChunkPtr& encoded) {
    if (!connected()) return;
    nsp_.catch_up(*this);
    session_->send(encoded);
}

void Socket::emit_volatile(std::string_view event, std::string_view args) {
    if (!connected()) return;
    nsp_.catch_up(*this);
    if (session_->flush())
        session_->send(packet_chunk(EngineType::message, encode_event(nsp_.name(), event, args)));
    else
        ++client_->server().engine->mutable_stats().volatile_dropped;
}

void Socket::emit_with_ack(std::string_view event, std::string_view args, OnAnswer on_answer) {
    if (!connected()) return on_answer(std::nullopt);
    const ServerOptions& options = client_->server().options;
    if (!acks_) acks_ = std::make_shared<AckTable>(client_->server().context);
    if (acks_->size() >= options.acks_max) return on_answer(std::nullopt);
    const std::uint64_t id = acks_->add(std::move(on_answer), options.ack_timeout);
    send(encode_event(nsp_.name(), event, args, 0, id), {});
}

Result<void> Socket::join(std::string_view room) {
    if (!connected() || is_in(room)) return {};
    const ServerOptions& options = client_->server().options;
    if (room.size() > options.room_name_bytes_max)
        return Error{fmt::format("expected a room's name of at most {} bytes, got {}",
                                 options.room_name_bytes_max, room.size())};
    if (seats_.size() >= options.rooms_max)
        return Error{fmt::format("a socket may be in at most {} rooms", options.rooms_max)};
    nsp_.enter_room(*this, room);
    return {};
}

void Socket::leave(std::string_view room) {
    if (is_in(room)) nsp_.leave_room(*this, room);
}

bool Socket::is_in(std::string_view room) const { return sits_in(nsp_.rooms_.find(room)); }

bool Socket::sits_in(const Room* room) const {
    return room != nullptr && std::ranges::find(seats_, room, &Seat::room) != seats_.end();
}

void Socket::disconnect(Disconnect what) {
    if (!connected()) return;
    Client& client = *client_;
    if (what == Disconnect::connection) return client.hang_up();
    send(encode_packet({.type = PacketType::disconnect, .nsp = nsp_.name()}), {});
    if (what == Disconnect::whole_client) return client.close();
    client.leave(*this, CloseReason::server_close);
}

void Socket::detach() {
    client_ = nullptr;
    session_ = nullptr;
    acks_.reset();
}

}  // namespace weir::socketio
