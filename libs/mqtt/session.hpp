// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/result.hpp"
#include "base/types.hpp"
#include "mqtt/packet.hpp"
#include "mqtt/types.hpp"

namespace weir::mqtt {

/// Stands for one received message until it is acknowledged. An opaque number, so that it can
/// travel through a C library's pointer.
enum class Token : std::uint64_t {};

struct SessionOptions {
    std::string client_id;
    std::string user;
    std::string password;
    Version version = Version::v5;
    std::chrono::seconds keep_alive{60};
    std::vector<Subscription> subscriptions;
    /// What a client of this id has subscribed to before and shall not receive any more: a broker
    /// keeps subscriptions with the session.
    std::vector<std::string> unsubscribe;
    /// How long the broker keeps the session of an absent client (5 only); the greatest value
    /// stands for ever.
    std::uint32_t session_expiry_s = 0xFFFFFFFF;
    /// How long the broker may take to answer SUBSCRIBE.
    std::chrono::milliseconds answer_max{10'000};
    /// Messages without an answer before the session wants no more.
    std::size_t unacknowledged_max = 4'000;
    /// The same in bytes of topic and payload.
    Bytes unacknowledged_bytes_max{64ULL << 20};
};

/// What a Session counts. QoS 0 to 2 are the places of `received`.
struct SessionStats {
    std::uint64_t received[3] = {0, 0, 0};
    std::uint64_t duplicates = 0;     ///< handed over, but marked by the broker as sent before
    std::uint64_t suppressed = 0;     ///< sent again by the broker and known: not handed over again
    std::uint64_t acknowledged = 0;   ///< answered to the broker, or done at QoS 0
    std::uint64_t sessions_lost = 0;  ///< the broker had forgotten us: it may have dropped messages
};

/// The MQTT session of a subscriber who decides himself when a message is acknowledged.
///
/// Problem: a bridge may acknowledge a message only when the next system has it, many are on
/// their way at once, they are finished out of order, and MQTT wants the acknowledgements in the
/// order of the messages. So every message takes a place in a ring; acknowledge() marks the place,
/// and acknowledgements leave from the ring's head only. Places survive the connection: what the
/// broker sends again after a reconnect finds its place and is not handed over twice. They end when
/// the broker says that another client took the session over; MQTT 3.1.1 and mosquitto 2.0.11 do
/// not say it, so a caller who may be relieved does not reconnect.
///
/// Pure: bytes and times go in, bytes and events come out. The caller owns the connection:
///   open() when it is up, receive() for each frame, tick() now and then, lost() when it is gone,
///   and after each call writes away what output() holds.
///
/// Threads: none of its own; one caller at a time.
/// Limits:  unacknowledged_max places, and as many bytes as said; then full(): stop reading.
/// Source:  MQTT 5.0 sections 3.3 and 4.4 to 4.6 (3.1.1 the same).
class Session {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// What one packet came to. The views live as long as the frame.
    struct Event {
        enum class Kind {
            none,
            connected,     ///< CONNACK is good; `text` may hold a warning
            subscribed,    ///< all filters are granted: the session works
            unsubscribed,  ///< old filters are taken back; `text` may hold a warning
            message,       ///< hand it over; acknowledge(token) once it is safe
            refused,       ///< the broker will not have us, `text` says why: close the connection
            ended,         ///< the broker says goodbye, `text` says why
        };
        Kind kind = Kind::none;
        bool session_present = false;
        Publish message{};
        Token token{};
        std::string text{};
    };

    explicit Session(SessionOptions options);

    /// A connection is up: says CONNECT.
    void open(Time now);

    /// Errors: the broker broke the protocol; say goodbye with the reason and close.
    Result<Event, Malformed> receive(const Frame& frame, Time now);

    /// The message is safe elsewhere. Once for each token, whatever became of its connection.
    void acknowledge(Token token);

    /// No more messages are wanted for now. Turns false again at half of the limits. Never while
    /// connecting, so that a connection comes about whatever is waiting.
    bool full() const { return full_ && stage_ == Stage::connected; }

    enum class Pulse {
        fine,
        broker_silent,   ///< a ping was not answered
        not_subscribed,  ///< SUBSCRIBE was not
    };
    /// Sends a ping when one is due. `reading`: whether the caller reads at the moment; only then
    /// can a missing answer be held against the broker.
    Pulse tick(Time now, bool reading);

    /// Says DISCONNECT; the broker keeps the session.
    void close(std::uint8_t reason);

    /// The connection is gone.
    void lost();

    /// Bytes to be written; the caller takes them out.
    std::string& output() { return output_; }

    /// Messages handed over and not acknowledged, of this and earlier connections.
    std::size_t unacknowledged() const { return unacknowledged_; }
    /// When the oldest of them came.
    std::optional<Time> oldest() const;
    const SessionStats& stats() const { return stats_; }

private:
    enum class Place : std::uint8_t { free, ring, old, adrift };
    /// A message's place. Slots are used again; the generation tells their users apart.
    struct Slot {
        std::uint32_t generation = 0;
        std::uint16_t id = 0;
        Qos qos = Qos::at_most_once;
        Place place = Place::free;  // ring: of this connection; old: of an earlier one, may be
                                    // sent again; adrift: only its token is still out
        bool done = false;
        std::uint64_t digest = 0;
        std::size_t bytes = 0;
        Time received{};
    };
    using Index = std::uint32_t;

    bool suback_overdue(Time now, bool reading);
    Result<Event, Malformed> on_connack(const Frame& frame, Time now);
    Result<Event, Malformed> on_suback(const Frame& frame);
    Result<Event, Malformed> on_unsuback(const Frame& frame);
    Result<Event, Malformed> on_publish(const Frame& frame, Time now);
    Result<Event, Malformed> on_pubrel(const Frame& frame);
    Result<Event, Malformed> on_disconnect(const Frame& frame);

    Index take_slot(const Publish& message, std::uint64_t digest, Time now);
    Token token_of(Index index) const;
    std::optional<Index> adopt_old(const Publish& message, std::uint64_t digest);
    void release(Index index);
    void let_go(Index index);
    void count_done(Slot& slot);
    void pop_ring();
    void forget_session();
    void bound_old();

    SessionOptions options_;
    std::string output_;
    SessionStats stats_;

    std::vector<Slot> slots_;
    std::vector<Index> free_;
    std::deque<Index> ring_;                                     // in the order of arrival
    std::unordered_map<std::uint16_t, std::vector<Index>> old_;  // by packet id, oldest first
    std::unordered_set<std::uint16_t> to_release_;  // QoS 2: PUBREC sent, no PUBREL yet

    std::size_t unacknowledged_ = 0;
    std::size_t unacknowledged_bytes_ = 0;
    bool full_ = false;

    enum class Stage : std::uint8_t { closed, connecting, connected };
    Stage stage_ = Stage::closed;
    bool was_connected_ = false;   // in this process
    bool was_subscribed_ = false;  // in this process
    bool taken_over_ = false;      // the broker said so
    std::chrono::seconds keep_alive_{0};
    Time ping_due_{};
    std::optional<Time> answer_due_;  // of a ping
    std::optional<Time> suback_due_;
};

}  // namespace weir::mqtt
