// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace weir::socketio {

enum class Transport : std::uint8_t { polling, websocket };
constexpr std::size_t transport_count = 2;

/// Why a session ended.
enum class CloseReason : std::uint8_t {
    client_close,     ///< the client said so
    transport_close,  ///< its connection went away
    ping_timeout,     ///< no pong in time
    server_close,     ///< our side said so
    protocol_error,   ///< it broke a rule of the protocol
    too_large,        ///< a message above max_payload
    too_slow,         ///< more waits for it than queue_bytes_max
    too_fast,         ///< more messages than messages_per_second_max
    connect_timeout,  ///< it joined no namespace in time
};
constexpr std::size_t close_reason_count = 9;

/// Answers to requests that are refused, with the codes of the reference implementation.
enum class RefusalCode : std::uint8_t {
    transport_unknown = 0,
    session_unknown = 1,
    bad_method = 2,
    bad_request = 3,
    forbidden = 4,
    version_unsupported = 5,
};
constexpr std::size_t refusal_code_count = 6;

std::string_view name(Transport transport);
std::string_view name(CloseReason reason);
/// The reference implementation's message for it.
std::string_view message(RefusalCode code);

/// What has happened since the start. Written by the io thread, readable from any.
struct Stats {
    using Counter = std::atomic<std::uint64_t>;

    std::array<Counter, transport_count> clients{};     ///< now, by Transport
    std::array<Counter, transport_count> opened{};      ///< sessions, by their first Transport
    std::array<Counter, close_reason_count> closed{};   ///< sessions, by CloseReason
    std::array<Counter, refusal_code_count> refused{};  ///< requests, by RefusalCode
    Counter refused_busy{0};                            ///< handshakes beyond clients_max
    Counter refused_address{0};                         ///< beyond clients_per_address_max
    Counter upgrades{0};                                ///< from polling to WebSocket, completed
    Counter upgrades_failed{0};                         ///< begun and not completed
    Counter recovered{0};                               ///< came back, were sent what they missed
    Counter unrecovered{0};                             ///< came back, and are new clients
    Counter packets_in{0};                              ///< Engine.IO messages from clients
    Counter packets_out{0};                             ///< Engine.IO packets handed to connections
    Counter bytes_in{0};                                ///< of messages
    Counter bytes_out{0};         ///< handed to the kernel or to an answered poll
    Counter volatile_dropped{0};  ///< volatile events a client was not ready for
};

}  // namespace weir::socketio
