// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::socketio {

class Socket;

/// A named set of sockets of one namespace.
struct Room {
    struct Member {
        Socket* socket;
        std::size_t seat;  ///< which of the socket's seats is this one
    };
    const std::string name;
    std::vector<Member> members = {};
};

/// A socket's place in a room.
struct Seat {
    Room* room;
    std::size_t place;  ///< among the room's members
};

/// The rooms of one namespace, found by a hash of their names. A room is there while somebody is
/// in it.
///
/// Problem: an event for one of many thousand rooms must cost what its members cost, and a socket
/// that goes must not be looked for in any of them. So a room and a socket each know where the
/// other keeps them.
///
/// Threads: the io thread.
class Rooms {
public:
    /// Null when nobody is in it.
    const Room* find(std::string_view name) const;

    /// The socket is not in it yet. Appends to `seats`, which are the socket's.
    void join(std::string_view name, Socket& socket, std::vector<Seat>& seats);

    /// Gives up one of the seats; the last one takes its index.
    void leave(std::vector<Seat>& seats, std::size_t seat);

    std::size_t size() const { return rooms_.size(); }

private:
    std::unordered_map<std::string_view, std::unique_ptr<Room>> rooms_;  ///< by their own names
};

}  // namespace weir::socketio
