// SPDX-License-Identifier: Apache-2.0
#include "socketio/namespace.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/assert.hpp"
#include "socketio/packet.hpp"
#include "socketio/server_core.hpp"
#include "socketio/session.hpp"

namespace weir::socketio {
namespace {

// Members brought up to date between two looks at what else is to be done; some 2 ms of sends.
constexpr std::size_t slice_size = 512;

// An open chunk that grows beyond this is closed: one write takes it whole.
constexpr std::size_t chunk_bytes_max = 64 * 1024;

}  // namespace

Namespace::Namespace(ServerCore& server, std::string name)
    : server_(server), name_(std::move(name)) {}

Namespace::~Namespace() = default;

void Namespace::on_event(std::string name, OnEvent handler) {
    events_[std::move(name)] = std::move(handler);
}

void Namespace::emit(std::string_view event, std::string_view args,
                     const Attachments& attachments) {
    log_event(event, args, attachments, nullptr);
}

std::uint64_t Namespace::emit_volatile(std::string_view event, std::string_view args,
                                       std::size_t stream) {
    return log_volatile(event, args, stream, nullptr);
}

void Broadcast::emit(std::string_view event, std::string_view args,
                     const Attachments& attachments) const {
    const Room* room = nsp_.rooms_.find(room_);
    if (!inside_) return nsp_.log_event(event, args, attachments, room);
    if (room == nullptr) return;
    auto chunk = std::make_shared<Chunk>();
    nsp_.add_event(*chunk, event, args, attachments);
    for (const Room::Member& member : room->members)
        member.socket->emit(chunk);
}

std::uint64_t Broadcast::emit_volatile(std::string_view event, std::string_view args,
                                       std::size_t stream) const {
    const Room* room = nsp_.rooms_.find(room_);
    if (!inside_) return nsp_.log_volatile(event, args, stream, room);
    const std::uint64_t number = ++nsp_.volatile_events_;
    if (room == nullptr) return number;
    const ChunkPtr chunk = nsp_.encode(event, args);
    for (const Room::Member& member : room->members)
        nsp_.offer(*member.socket, chunk, {.first_volatile = number, .stream = stream});
    return number;
}

void Namespace::log_event(std::string_view event, std::string_view args,
                          const Attachments& attachments, const Room* except) {
    if (is_everybody(except)) return;
    add_event(open_chunk({.except = except}), event, args, attachments);
    plan_round();
}

std::uint64_t Namespace::log_volatile(std::string_view event, std::string_view args,
                                      std::size_t stream, const Room* except) {
    ++volatile_events_;
    if (!is_everybody(except)) {
        add_to(open_chunk({volatile_events_, stream, except}), event, args);
        plan_round();
    }
    return volatile_events_;
}

/// True when nobody is left without who is in the room.
bool Namespace::is_everybody(const Room* room) const {
    return members_.size() == (room == nullptr ? 0 : room->members.size());
}

ChunkPtr Namespace::encode(std::string_view event, std::string_view args) const {
    return packet_chunk(EngineType::message, encode_event(name_, event, args));
}

void Namespace::add_to(Chunk& chunk, std::string_view event, std::string_view args) const {
    chunk.add_packet(EngineType::message, encode_event(name_, event, args));
}

void Namespace::add_event(Chunk& chunk, std::string_view event, std::string_view args,
                          const Attachments& attachments) const {
    chunk.add_packet(
        EngineType::message,
        encode_event(name_, event, args, static_cast<std::uint32_t>(attachments.size())));
    for (const std::string& bytes : attachments)
        chunk.add_binary(bytes);
}

Chunk& Namespace::open_chunk(const Kind& kind) {
    const bool fits = open_ && (open_kind_.first_volatile != 0) == (kind.first_volatile != 0) &&
                      open_kind_.stream == kind.stream && open_kind_.except == kind.except &&
                      open_->frames().size() <= chunk_bytes_max;
    if (!fits) seal();
    if (!open_) {
        open_ = std::make_shared<Chunk>();
        open_kind_ = kind;
    }
    return *open_;
}

/// Ends the open chunk: it can be sent, and what comes next is a new position.
void Namespace::seal() {
    if (open_) log_.push_back({std::exchange(open_, nullptr), open_kind_});
}

void Namespace::join(Socket& socket) {
    seal();
    socket.member_ = members_.size();
    members_.push_back({socket.session_, &socket, log_end()});
}

void Namespace::leave(Socket& socket) {
    const std::size_t hole = socket.member_;
    WEIR_ASSERT(hole < members_.size() && members_[hole].socket == &socket,
                "a socket that leaves is a member");
    while (!socket.seats_.empty())
        rooms_.leave(socket.seats_, socket.seats_.size() - 1);
    // The last member moves into the hole. If the round has passed the hole but not yet the last
    // member, this is the moment to bring that one up to date.
    if (hole < round_next_ && members_.size() > round_next_) deliver(members_.back());
    members_[hole] = members_.back();
    members_[hole].socket->member_ = hole;
    members_.pop_back();
}

void Namespace::enter_room(Socket& socket, std::string_view name) {
    seal();
    Member& member = members_[socket.member_];
    deliver(member);
    rooms_.join(name, socket, socket.seats_);
    member.in_rooms = true;
}

void Namespace::leave_room(Socket& socket, std::string_view name) {
    seal();
    Member& member = members_[socket.member_];
    deliver(member);
    const auto seat = std::ranges::find(socket.seats_, rooms_.find(name), &Seat::room);
    rooms_.leave(socket.seats_, static_cast<std::size_t>(seat - socket.seats_.begin()));
    member.in_rooms = !socket.seats_.empty();
}

/// A chunk that this member passes over may grow on: sealed for every event of a room, the log
/// would be all small pieces for the others.
void Namespace::catch_up(const Socket& socket) {
    if (open_ && !socket.sits_in(open_kind_.except)) seal();
    deliver(members_[socket.member_]);
}

void Namespace::deliver(Member& member) {
    bool queued = false;
    for (; member.next < log_end(); ++member.next) {
        const auto& [chunk, kind] = log_[static_cast<std::size_t>(member.next - log_start_)];
        if (kind.except != nullptr && member.in_rooms && member.socket->sits_in(kind.except))
            continue;
        if (kind.first_volatile == 0 ||
            (member.socket->missed_.empty() && member.session->flush())) {
            member.session->queue(chunk);
            queued = true;
        } else {
            pass_over(*member.socket, *chunk, kind);
        }
    }
    if (queued) member.session->flush();
}

void Namespace::offer(Socket& socket, const ChunkPtr& chunk, const Kind& kind) {
    catch_up(socket);
    if (socket.missed_.empty() && socket.session_->flush())
        socket.session_->send(chunk);
    else
        pass_over(socket, *chunk, kind);
}

void Namespace::pass_over(Socket& socket, const Chunk& chunk, const Kind& kind) {
    server_.engine->mutable_stats().volatile_dropped += chunk.packets();
    auto missed = std::ranges::find(socket.missed_, kind.stream, &Missed::stream);
    if (missed == socket.missed_.end())
        missed = socket.missed_.insert(missed, {kind.stream, kind.first_volatile, 0});
    missed->count += chunk.packets();
    socket.session_->await_ready();
}

void Namespace::settle(Socket& socket) {
    if (!socket.connected()) return;
    catch_up(socket);
    for (const Missed& missed : std::exchange(socket.missed_, {}))
        if (ready_) ready_(socket, missed);
}

void Namespace::plan_round() {
    if (std::exchange(round_planned_, true)) return;
    boost::asio::post(server_.context,
                      [server = server_.shared_from_this(), this] { run_slice(); });
}

/// Brings the next members up to the end of the log. When all have been visited, what the log held
/// at the round's start is done with; if more has come since, another round follows.
void Namespace::run_slice() {
    round_planned_ = false;
    seal();
    if (round_next_ == 0) round_end_ = log_end();
    const std::size_t end = std::min(round_next_ + slice_size, members_.size());
    for (; round_next_ < end; ++round_next_)
        deliver(members_[round_next_]);
    if (round_next_ >= members_.size()) {
        round_next_ = 0;
        for (; log_start_ < round_end_; ++log_start_)
            log_.pop_front();
    }
    if (!log_.empty()) plan_round();
}

}  // namespace weir::socketio
