// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "socketio/chunk.hpp"
#include "socketio/socket.hpp"

namespace weir::socketio {

class ServerCore;
class Session;

/// Why a client may not join a namespace: what its `connect_error` handler gets.
struct Refusal {
    std::string message;
    std::string data = {};  ///< JSON, or empty
};

/// A client that asks to join a namespace.
struct Joining {
    std::string_view auth;  ///< the JSON object of its CONNECT, `{}` without one
    const std::string& remote_address;
    std::shared_ptr<void> data = {};  ///< becomes Socket::data
};

/// Some members of a namespace, to send to: those in a room, or all but those. Made for one call.
class Broadcast {
public:
    /// As Namespace has them.
    void emit(std::string_view event, std::string_view args,
              const Attachments& attachments = {}) const;
    std::uint64_t emit_volatile(std::string_view event, std::string_view args,
                                std::size_t stream = 0) const;

private:
    friend class Namespace;
    Broadcast(Namespace& nsp, std::string_view room, bool inside)
        : nsp_(nsp), room_(room), inside_(inside) {}

    Namespace& nsp_;
    const std::string_view room_;
    const bool inside_;
};

/// Sockets that get the same events ("Namespaces", Socket.IO protocol revision 5).
///
/// Problem: an event for thousands of sockets must be encoded once, leave in as few writes as
/// possible, keep its place among the events for single sockets, and not hold up heartbeats while
/// it goes round. So the events for all are a log that every member follows with a position of its
/// own: a round over the members, a slice a turn of the event loop, brings each up to the end, and
/// an event for one member brings that one up to the end first.
///
/// Sockets may be in rooms, which are the server's alone ("Rooms", socket.io 4): nothing of them is
/// on the wire. An event for a room goes to its members at once, as one for each of them would. An
/// event for all but a room is in the log, and who is in the room passes over it.
///
/// Threads:  the io thread.
/// Ordering: every socket gets what was emitted after it joined, in the order of the calls.
class Namespace {
public:
    using Admit = std::function<std::optional<Refusal>(Joining& joining)>;
    using OnConnect = std::function<void(Socket& socket, std::string_view auth)>;
    using OnDisconnect = std::function<void(Socket& socket, CloseReason reason)>;
    using OnEvent = std::function<void(Socket& socket, Event& event)>;
    /// `missed`: what a client that comes back has missed, by add_to(); null makes it a new one.
    using Decide = std::function<void(ChunkPtr missed)>;
    using OnReady = std::function<void(Socket& socket, const Missed& missed)>;
    using OnReturn =
        std::function<void(const Joining& joining, std::string_view offset, Decide decide)>;

    Namespace(ServerCore& server, std::string name);
    ~Namespace();
    Namespace(const Namespace&) = delete;
    Namespace& operator=(const Namespace&) = delete;

    const std::string& name() const { return name_; }
    /// Sockets that have joined.
    std::size_t size() const { return members_.size(); }

    /// Asked first of all, also about a client that comes back. Everybody may join by default.
    void on_admit(Admit admit) { admit_ = std::move(admit); }
    /// Called when the socket has been told that it joined; it may emit to it from here on.
    void on_connect(OnConnect handler) { connect_ = std::move(handler); }
    /// Turns connection state recovery on (socket.io 4.6, "Connection state recovery"). A client is
    /// told a private id when it joins, and keeps the last argument of the last event it has got,
    /// if that is a string: its offset. When it comes back with both, the handler calls `decide`
    /// once, now or within a bound of its own: with what the client has missed, or with nothing,
    /// which makes it a new client. Its ids follow from the private one, so any server can take it
    /// back. Whoever has got nothing yet has missed nothing and is new. What was missed comes
    /// after the answer to the CONNECT: events before it are kept by socket.io-client across a
    /// loss of the connection, without their offsets, and would come out twice.
    void on_return(OnReturn handler) { return_ = std::move(handler); }
    /// Called when a socket that did without volatile events is ready again, for each of the
    /// streams they are of. It has got none since the first of them, whichever stream that was of.
    void on_ready(OnReady handler) { ready_ = std::move(handler); }
    /// Does that now, for a socket that may not be ready.
    void settle(Socket& socket);
    /// Called when it has left; emitting to it does nothing any more.
    void on_disconnect(OnDisconnect handler) { disconnect_ = std::move(handler); }
    /// Called for events of that name. Events without a handler are dropped.
    void on_event(std::string name, OnEvent handler);

    /// Sends an event to every member. `args` is JSON as Server explains.
    void emit(std::string_view event, std::string_view args, const Attachments& attachments = {});

    /// The same, but a member that is not ready to send at once does without. Returns the event's
    /// number: volatile events of a namespace are counted from 1, whomever they are for. `stream`:
    /// any number by which on_ready() tells apart what a member did without.
    std::uint64_t emit_volatile(std::string_view event, std::string_view args,
                                std::size_t stream = 0);

    /// The members that are in the room at the time of the call.
    Broadcast to(std::string_view room) { return {*this, room, true}; }
    /// All others.
    Broadcast except(std::string_view room) { return {*this, room, false}; }
    /// Rooms that somebody is in.
    std::size_t rooms() const { return rooms_.size(); }

    /// An event ready to be sent to many single sockets of this namespace, encoded and held once.
    ChunkPtr encode(std::string_view event, std::string_view args) const;
    /// The same behind what is in the chunk.
    void add_to(Chunk& chunk, std::string_view event, std::string_view args) const;

private:
    friend class Broadcast;
    friend class Client;
    friend class Socket;

    struct Member {
        Session* session;
        Socket* socket;
        std::uint64_t next;     ///< position in the log
        bool in_rooms = false;  ///< so that who is in none need not be looked at
    };
    /// What the events of one chunk have in common.
    struct Kind {
        std::uint64_t first_volatile = 0;  ///< the number of its first event; 0: not volatile
        std::size_t stream = 0;            ///< of volatile events
        /// Who is in it passes over the chunk. Only compared: whoever enters or leaves a room is
        /// brought up to the end of the log first, so a later room may have the same address.
        const Room* except = nullptr;
    };
    struct Entry {
        ChunkPtr chunk;
        Kind kind;
    };

    void join(Socket& socket);
    void leave(Socket& socket);
    /// Sends `socket` what was emitted to all before this moment.
    void catch_up(const Socket& socket);
    void enter_room(Socket& socket, std::string_view name);
    void leave_room(Socket& socket, std::string_view name);

    void log_event(std::string_view event, std::string_view args, const Attachments& attachments,
                   const Room* except);
    std::uint64_t log_volatile(std::string_view event, std::string_view args, std::size_t stream,
                               const Room* except);
    bool is_everybody(const Room* room) const;
    void add_event(Chunk& chunk, std::string_view event, std::string_view args,
                   const Attachments& attachments) const;
    Chunk& open_chunk(const Kind& kind);
    void seal();
    std::uint64_t log_end() const { return log_start_ + log_.size(); }
    void deliver(Member& member);
    /// Sends a volatile event to a socket of the room it is for, if it is ready.
    void offer(Socket& socket, const ChunkPtr& chunk, const Kind& kind);
    /// Volatile events find a socket that is not ready.
    void pass_over(Socket& socket, const Chunk& chunk, const Kind& kind);
    void plan_round();
    void run_slice();

    ServerCore& server_;
    const std::string name_;
    Admit admit_;
    OnConnect connect_;
    OnReady ready_;
    OnReturn return_;
    OnDisconnect disconnect_;
    std::map<std::string, OnEvent, std::less<>> events_;

    std::vector<Member> members_;
    Rooms rooms_;
    std::deque<Entry> log_;
    std::uint64_t log_start_ = 0;  ///< position of the log's first entry
    std::shared_ptr<Chunk> open_;  ///< the end of the log, still growing
    Kind open_kind_;
    std::uint64_t volatile_events_ = 0;
    bool round_planned_ = false;
    std::size_t round_next_ = 0;  ///< members before it are up to round_end_
    std::uint64_t round_end_ = 0;
};

}  // namespace weir::socketio
