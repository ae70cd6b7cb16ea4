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
    if (members_.empty()) return;
    Chunk& chunk = open_chunk(false);
    chunk.add_packet(
        EngineType::message,
        encode_event(name_, event, args, static_cast<std::uint32_t>(attachments.size())));
    for (const std::string& bytes : attachments)
        chunk.add_binary(bytes);
    plan_round();
}

std::uint64_t Namespace::emit_volatile(std::string_view event, std::string_view args) {
    ++volatile_events_;
    if (!members_.empty()) {
        open_chunk(true).add_packet(EngineType::message, encode_event(name_, event, args));
        plan_round();
    }
    return volatile_events_;
}

ChunkPtr Namespace::encode(std::string_view event, std::string_view args) const {
    return packet_chunk(EngineType::message, encode_event(name_, event, args));
}

void Namespace::add_to(Chunk& chunk, std::string_view event, std::string_view args) const {
    chunk.add_packet(EngineType::message, encode_event(name_, event, args));
}

Chunk& Namespace::open_chunk(bool is_volatile) {
    const bool fits = open_ && (open_first_volatile_ != 0) == is_volatile &&
                      open_->frames().size() <= chunk_bytes_max;
    if (!fits) seal();
    if (!open_) {
        open_ = std::make_shared<Chunk>();
        open_first_volatile_ = is_volatile ? volatile_events_ : 0;
    }
    return *open_;
}

/// Ends the open chunk: it can be sent, and what comes next is a new position.
void Namespace::seal() {
    if (open_) log_.push_back({std::exchange(open_, nullptr), open_first_volatile_});
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
    // The last member moves into the hole. If the round has passed the hole but not yet the last
    // member, this is the moment to bring that one up to date.
    if (hole < round_next_ && members_.size() > round_next_) deliver(members_.back());
    members_[hole] = members_.back();
    members_[hole].socket->member_ = hole;
    members_.pop_back();
}

void Namespace::catch_up(const Socket& socket) {
    seal();
    deliver(members_[socket.member_]);
}

void Namespace::deliver(Member& member) {
    if (member.next == log_end()) return;
    for (; member.next < log_end(); ++member.next) {
        const Entry& entry = log_[static_cast<std::size_t>(member.next - log_start_)];
        if (entry.first_volatile == 0 || member.session->flush()) {
            member.session->queue(entry.chunk);
            continue;
        }
        server_.engine->mutable_stats().volatile_dropped += entry.chunk->packets();
        if (!member.socket->missed_) member.socket->missed_ = entry.first_volatile;
        member.session->await_ready();
    }
    member.session->flush();
}

void Namespace::make_up(Socket& socket) {
    catch_up(socket);
    if (!socket.missed_ || !ready_) return;
    ready_(socket, *std::exchange(socket.missed_, std::nullopt));
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
