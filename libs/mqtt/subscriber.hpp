// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "mqtt/connection.hpp"
#include "mqtt/packet.hpp"
#include "mqtt/session.hpp"

namespace weir::mqtt {

struct SubscriberOptions {
    Connection connection;
    std::vector<Subscription> subscriptions;
    /// See SessionOptions. Sent whenever the broker has kept a session.
    std::vector<std::string> unsubscribe;
    std::size_t unacknowledged_max = 4'000;
    Bytes unacknowledged_bytes_max{64ULL << 20};
    /// Of a larger PUBLISH only this much is kept: see Publish::payload_size.
    std::size_t packet_bytes_max = 900'000;
    /// What every wait before a reconnect is at the least.
    std::chrono::milliseconds reconnect_wait_min{0};
};

/// What a subscriber does and holds at one moment.
struct SubscriberStats {
    SessionStats session;
    std::uint64_t connections = 0;  ///< subscriptions that came about
    std::uint64_t pauses = 0;       ///< times it stopped reading because it held too much
    std::uint64_t unacknowledged = 0;
    std::chrono::milliseconds oldest_age{0};  ///< of the oldest unacknowledged, 0 without one
};

/// Receives messages from one MQTT broker; the caller says when each is acknowledged.
///
/// Problem: see Session. This is its edge: one connection at a time over TCP, made again after
/// every loss with a full-jitter wait, its session kept by the broker meanwhile (clean start off),
/// and no reading from the socket while too much waits, so that the broker and not this process
/// holds the backlog.
///
/// Threads:  the handlers run on one thread of this class; keep them short. The functions from any
///           thread, also from inside a handler; the destructor not from there.
/// Lifetime: the constructor starts to connect and returns at once. Once ended() is true no handler
///           runs any more and acknowledge() has no effect; the destructor is finish(0ms) and
///           waits for that.
/// Limits:   `unacknowledged_max` messages and `unacknowledged_bytes_max` handed over and not yet
///           acknowledged, at every QoS; one more packet in the read buffer.
class Subscriber {
public:
    /// `message` lives during the call only; the token until acknowledge(). At QoS 0 the token
    /// only frees its place.
    using MessageHandler = std::function<void(const Publish& message, Token token)>;
    /// With true when all filters are granted by the broker; with false and a sentence when that
    /// ended, and after each attempt that failed.
    using StateHandler = std::function<void(bool subscribed, std::string_view reason)>;

    Subscriber(SubscriberOptions options, MessageHandler on_message, StateHandler on_state = {});
    ~Subscriber();
    Subscriber(const Subscriber&) = delete;
    Subscriber& operator=(const Subscriber&) = delete;

    /// The message is safe elsewhere. Once for every token.
    void acknowledge(Token token);

    SubscriberStats stats() const;

    /// Reads no more, waits at most `wait` until everything handed over is acknowledged, sends the
    /// acknowledgements and says goodbye. Returns at once. What was not acknowledged the broker
    /// sends again to the next connection of this client id. The last call's `wait` counts.
    void finish(std::chrono::milliseconds wait);

    /// Whether a connection that is lost is made again, as it is at first. Without that the
    /// subscriber works on while it is subscribed, and ends with its connection: whoever connects
    /// with this client id takes the session over, and keeps it.
    void reconnect(bool wanted);

    /// True when finish() or the end of the last connection has come about.
    bool ended() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::mqtt
