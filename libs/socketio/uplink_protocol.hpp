// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace weir::socketio {

/// A client's side of one connection, Engine.IO 4 and Socket.IO 5 over a WebSocket, for who only
/// sends events: events that come are passed over unread. Pure.
class UplinkProtocol {
public:
    /// Joins each of `nsps` with `auth`, a JSON object or empty.
    UplinkProtocol(const std::vector<std::string>& nsps, std::string auth);

    struct Reaction {
        enum class Kind : std::uint8_t {
            none,
            joined,  ///< all namespaces: events may be sent from now on
            ack,     ///< the event with the number `ack` is acknowledged
            over,    ///< the connection is of no use, and `why`
        };
        Kind kind = Kind::none;
        std::uint64_t ack = 0;
        std::string why = {};
    };

    /// Reads a message of the server. Appends to `answers` what to send.
    Reaction receive(std::string_view message, std::vector<std::string>& answers);

    /// A server is gone that has been silent for longer ("Heartbeat", Engine.IO 4); known when it
    /// has opened.
    [[nodiscard]] std::optional<std::chrono::milliseconds> silence_max() const {
        return silence_max_;
    }

    /// The largest message it takes; a larger one ends the connection.
    [[nodiscard]] std::size_t message_bytes_max() const { return message_bytes_max_; }

private:
    Reaction on_open(std::string_view data, std::vector<std::string>& answers);
    Reaction on_packet(std::string_view text);
    Reaction on_joined(std::string_view text);

    std::set<std::string, std::less<>> awaited_;  ///< namespaces that are not joined yet
    const std::string auth_;
    std::optional<std::chrono::milliseconds> silence_max_;
    std::size_t message_bytes_max_ = 0;
};

/// An event as one message, with a number where an ack is asked for.
std::string uplink_message(std::string_view nsp, std::string_view event, std::string_view args,
                           std::optional<std::uint64_t> ack);

}  // namespace weir::socketio
