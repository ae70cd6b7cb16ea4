// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "mqtt/connection.hpp"
#include "mqtt/types.hpp"

namespace weir::mqtt {

/// Why publish() did not take a message. The completion handler is not called for it.
enum class PublishError {
    not_connected,  ///< no broker at the moment: keep the message or drop and count it
    queue_full,     ///< too many messages wait for their answer: wait for one, try again
    bad_topic,      ///< not a topic name (empty, wildcard, NUL, not UTF-8, over 65,535 bytes)
    too_large,      ///< beyond the packet size of MQTT: never retry
    closed,         ///< close() was called
};

std::string_view describe(PublishError error);

/// What became of a message that publish() took.
enum class Fate {
    acknowledged,  ///< QoS 1 and 2: the broker has it. QoS 0: written to the connection, no more
    refused,  ///< the broker answered with an error (MQTT 5): the same message again fails again
    unknown,  ///< the connection ended first: the broker may have it; again may duplicate it
};

struct PublisherOptions {
    Connection connection;
    std::size_t in_flight_max = 1'000;
    /// Where it is said, retained, that this client is there: `online` after each connection,
    /// `offline` at close(), and by the broker (as our will) when a connection ends without a word.
    /// Empty: nowhere. Must be a topic name.
    std::string status_topic{};
};

/// Publishes to one MQTT broker and reports the fate of every message it took.
///
/// Problem: a caller that must not lose readings may forget one only when the broker has it, and
/// must know at once when there is no broker. So a message taken is answered exactly once through
/// its completion handler, nothing is stored while disconnected (publish() says so), and messages
/// whose answer a lost connection took away are answered `unknown`, in the order of publishing, so
/// that the caller can publish them again in order.
///
/// It connects, and after every loss reconnects, by itself with a full-jitter wait; each
/// connection is a session of its own (clean start).
///
/// Threads:  publish(), connected() and in_flight() from any thread, also from inside a handler.
///           Handlers run one at a time on threads of this class: keep them short, take no lock
///           there that is held around publish(), never call close() there.
/// Lifetime: the constructor starts to connect and returns at once; close() once, by the owner;
///           the destructor closes without waiting. No handler runs after close() returned.
/// Limits:   at most `in_flight_max` messages unanswered, and at QoS 1 and 2 no more than the
///           broker's receive maximum (MQTT 5; mosquitto: max_inflight_messages).
class Publisher {
public:
    /// `reason` is a sentence for the log, empty when acknowledged; it lives during the call only.
    using Completion = std::function<void(Fate fate, std::string_view reason)>;
    /// Called with true after each connection, with false after each loss.
    using ConnectionHandler = std::function<void(bool connected)>;

    explicit Publisher(PublisherOptions options, ConnectionHandler on_connection = {});
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    /// Takes copies of topic and payload and returns without waiting for the network. Success
    /// means that `done` (may be empty) will be called exactly once.
    [[nodiscard]] Result<void, PublishError> publish(std::string_view topic,
                                                     std::string_view payload, Qos qos,
                                                     Retain retain, Completion done);

    /// Whether a publish() now has a broker to go to.
    bool connected() const;

    /// Messages taken and not yet answered.
    std::size_t in_flight() const;

    /// Takes no more, waits at most `wait` for answers, disconnects properly, and answers what is
    /// left as `unknown`. May take up to 3 s longer than `wait`: for a last word on the status
    /// topic, and while the network threads end.
    void close(std::chrono::milliseconds wait);

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace weir::mqtt
