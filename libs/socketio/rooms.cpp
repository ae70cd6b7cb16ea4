// SPDX-License-Identifier: Apache-2.0
#include "socketio/rooms.hpp"

#include "socketio/socket.hpp"

namespace weir::socketio {

const Room* Rooms::find(std::string_view name) const {
    const auto found = rooms_.find(name);
    return found == rooms_.end() ? nullptr : found->second.get();
}

void Rooms::join(std::string_view name, Socket& socket, std::vector<Seat>& seats) {
    auto found = rooms_.find(name);
    if (found == rooms_.end()) {
        auto room = std::make_unique<Room>(Room{.name = std::string(name)});
        const std::string_view key = room->name;
        found = rooms_.emplace(key, std::move(room)).first;
    }
    Room& room = *found->second;
    seats.push_back({&room, room.members.size()});
    room.members.push_back({&socket, seats.size() - 1});
}

void Rooms::leave(std::vector<Seat>& seats, std::size_t seat) {
    const auto [room, place] = seats[seat];
    // In both lists the last one moves into the hole.
    const Room::Member moved = room->members.back();
    room->members[place] = moved;
    room->members.pop_back();
    if (place < room->members.size()) moved.socket->seats_[moved.seat].place = place;
    if (room->members.empty()) rooms_.erase(room->name);
    seats[seat] = seats.back();
    seats.pop_back();
    if (seat < seats.size()) seats[seat].room->members[seats[seat].place].seat = seat;
}

}  // namespace weir::socketio
