// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "socketio/chunk.hpp"
#include "socketio/rooms.hpp"
#include "socketio/stats.hpp"

namespace weir::socketio {

class AckTable;
class Client;
class Namespace;
class Session;
class Socket;

/// The binary arguments of an event, in the order of their placeholders' numbers.
using Attachments = std::vector<std::string>;

/// The right to answer one event, once. May be kept; does nothing once the socket has left.
class Ack {
public:
    Ack(std::weak_ptr<Socket> socket, std::uint64_t id) : socket_(std::move(socket)), id_(id) {}

    /// `args` is JSON: values with commas between.
    void send(std::string_view args, const Attachments& attachments = {});

private:
    std::weak_ptr<Socket> socket_;
    std::optional<std::uint64_t> id_;
};

/// An event from a client. Everything in it is valid during the call only, but for the ack.
struct Event {
    std::string_view name;  ///< as in the JSON text, without its quotes
    std::string_view args;  ///< JSON: values with commas between
    const Attachments& attachments;
    std::optional<Ack> ack;  ///< when the client asked for one
};

/// What a socket did without of the volatile events of one stream, see Namespace::emit_volatile().
struct Missed {
    std::size_t stream;
    std::uint64_t first;  ///< number of the first
    std::uint64_t count;
};

/// Who disconnects: the socket from its namespace, the client with all its namespaces, or only the
/// client's connection.
enum class Disconnect { this_namespace, whole_client, connection };

/// One client's membership of one namespace.
///
/// Threads:  the io thread.
/// Lifetime: until it has left; handlers may keep a weak_ptr to it.
class Socket : public std::enable_shared_from_this<Socket> {
public:
    /// Called with the answer's arguments, or with nothing when there is none in time, the socket
    /// has left, or too many answers are due already.
    struct Answer {
        std::string_view args;
        const Attachments& attachments;
    };
    using OnAnswer = std::function<void(std::optional<Answer> answer)>;

    Socket(Client& client, Session& session, Namespace& nsp, std::string id, bool recovered);
    ~Socket();

    /// Public name: others may see it; it says nothing about the session's secret id.
    const std::string& id() const { return id_; }
    Namespace& nsp() const { return nsp_; }
    const std::string& remote_address() const;
    bool connected() const { return client_ != nullptr; }
    /// It came back and has got what it missed. See Namespace::on_return().
    bool recovered() const { return recovered_; }

    void emit(std::string_view event, std::string_view args, const Attachments& attachments = {});
    /// Sends what Namespace::encode() made of an event of this socket's namespace.
    void emit(const ChunkPtr& encoded);
    /// Dropped, and counted, when the client is not ready to receive at once.
    void emit_volatile(std::string_view event, std::string_view args);
    void emit_with_ack(std::string_view event, std::string_view args, OnAnswer on_answer);

    /// Enters a room of its namespace, see Namespace::to(); it leaves them all with the namespace.
    /// Errors: the name is longer than ServerOptions::room_name_bytes_max, or it is in
    /// ServerOptions::rooms_max rooms already.
    Result<void> join(std::string_view room);
    void leave(std::string_view room);
    bool is_in(std::string_view room) const;

    /// The client is told and does not come back by itself ("DISCONNECT", revision 5); a client
    /// that lost only its connection is not told, and does.
    void disconnect(Disconnect what);

    /// The user's own state for this socket.
    std::shared_ptr<void> data;

private:
    friend class Ack;
    friend class Client;
    friend class Namespace;
    friend class Rooms;

    void send(const std::string& packet, const Attachments& attachments);
    bool sits_in(const Room* room) const;
    void detach();

    Client* client_;  ///< null once it has left
    Session* session_;
    Namespace& nsp_;
    const std::string id_;
    const bool recovered_;
    std::size_t member_ = 0;      ///< its place among the namespace's members
    std::vector<Missed> missed_;  ///< by stream; empty: it is not known to be slow
    std::vector<Seat> seats_;     ///< the rooms it is in
    std::shared_ptr<AckTable> acks_;
};

}  // namespace weir::socketio
