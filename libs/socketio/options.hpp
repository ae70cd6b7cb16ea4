// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace weir::socketio {

/// Which web pages may talk to the server.
///
/// Problem: a browser keeps a page of another origin from reading long-polling answers unless CORS
/// headers allow it, but it opens WebSockets to anywhere. So the list rules both: the headers, and
/// who may open a WebSocket. A page from our own host, and a client that is no browser (it sends
/// no Origin), are always let in.
struct CorsOptions {
    std::vector<std::string> origins = {};  ///< `https://example.org`, or `*` for any
    bool credentials = false;               ///< cookies go along
};

/// Engine.IO protocol, revision 4. The defaults are the reference implementation's where it has
/// the option; limits it does not have are ours.
struct EngineOptions {
    std::string path = "/engine.io/";
    std::chrono::milliseconds ping_interval{25'000};
    std::chrono::milliseconds ping_timeout{20'000};
    std::chrono::milliseconds upgrade_timeout{10'000};
    /// How long a session closed by us waits for the poll that tells its client.
    std::chrono::milliseconds close_linger{30'000};
    std::size_t max_payload = 1'000'000;        ///< bytes of one message or POST from a client
    std::size_t messages_per_second_max = 0;    ///< one that sends more is closed; 0: no limit
    std::size_t queue_bytes_max = 1024 * 1024;  ///< waiting for one client; beyond it is closed
    std::size_t clients_max = 10'000;           ///< sessions; more get 503
    std::size_t clients_per_address_max = 0;    ///< sessions; more get 429; 0: no limit
    bool polling = true;  ///< off: WebSocket only, which needs no sticky balancer
    CorsOptions cors = {};
};

/// Socket.IO protocol, revision 5.
struct ServerOptions {
    EngineOptions engine = {.path = "/socket.io/"};
    std::chrono::milliseconds connect_timeout{45'000};      ///< to join a first namespace
    std::chrono::milliseconds ack_timeout{10'000};          ///< for an answer we ask for
    std::chrono::milliseconds attachments_timeout{10'000};  ///< for a packet to become complete
    std::uint32_t attachments_max = 10;                     ///< of one packet
    std::size_t attachments_bytes_max = 4'000'000;          ///< of one packet, together
    std::size_t acks_max = 100;                             ///< open at once for one socket
    std::size_t namespaces_max = 16;                        ///< joined by one client
    std::size_t rooms_max = 1'000;                          ///< one socket is in at once
    std::size_t room_name_bytes_max = 256;
};

}  // namespace weir::socketio
