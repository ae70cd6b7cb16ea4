// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/asio.hpp"
#include "net/tls.hpp"
#include "socketio/server_url.hpp"

namespace weir::socketio {

/// When an event counts as delivered.
enum class Receipt : std::uint8_t {
    read,   ///< the server's process has read it: its WebSocket answered a ping sent behind it
    acked,  ///< the server's handler acknowledged it, as Socket.IO's acks do
};

struct UplinkOptions {
    ServerUrl url;
    net::TlsClientOptions tls;      ///< for https
    std::vector<std::string> nsps;  ///< that events are sent to; each once
    std::string auth;               ///< JSON object for every CONNECT; empty: none
    Receipt receipt = Receipt::read;
    /// For a connection to come about, and then between any two signs of progress while
    /// something is under way.
    std::chrono::milliseconds timeout{20'000};
    std::chrono::milliseconds retry_first{500};       ///< ceiling of the first wait
    std::chrono::milliseconds retry_ceiling{30'000};  ///< ceiling of every later wait
};

/// What an uplink counts.
/// Threads: written by the io thread, read by any.
struct UplinkStats {
    using Count = std::atomic<std::uint64_t>;
    Count connections = 0;
    Count delivered = 0;    ///< events
    Count sent_again = 0;   ///< events, after a connection was lost
    Count too_large = 0;    ///< events the server would not have taken, left out
    Count undelivered = 0;  ///< events that wait, now
};

struct UplinkEvent {
    std::string_view nsp;  ///< this and the name outlive the uplink
    std::string_view name;
    std::string args;  ///< JSON values with commas between
};

/// A Socket.IO client that sends events to a server, in order and each at least once, over
/// whatever becomes of the connection.
///
/// Problem: what a socket has taken when it breaks may or may not have arrived, and a Socket.IO
/// server says nothing about events it has got. So events stay here, in batches, until there is a
/// receipt for all of a batch; what has none is sent again over the next connection. A WebSocket
/// server must answer a ping (RFC 6455 section 5.5.2), and reads it after what came before it:
/// that is a receipt every server gives. It does not say that a handler has run.
///
/// Limits:  the owner bounds what is given to send().
/// Threads: the io_context's, but for the counters.
class Uplink {
public:
    /// Must not call the uplink back.
    struct Listener {
        std::function<void()> connected;
        std::function<void(const std::string& reason)> lost;  ///< or an attempt failed
        std::function<void()> delivered;                      ///< a batch, in the order of send()
    };

    Uplink(net::asio::io_context& context, UplinkOptions options, Listener listener);
    ~Uplink();

    void start();
    /// An empty batch is delivered when those before it are.
    void send(std::vector<UplinkEvent> batch);
    /// Ends the connection; nobody is told anything any more.
    void stop();

    const UplinkStats& stats() const;

private:
    class State;
    std::shared_ptr<State> state_;
};

}  // namespace weir::socketio
