// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside libs/mqtt only: what is behind a Publisher.

#include <MQTTAsync.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "mqtt/paho.hpp"
#include "mqtt/publisher.hpp"
#include "mqtt/reason.hpp"
#include "net/backoff.hpp"

namespace weir::mqtt {

/// The control thread owns paho's client: it makes one per connection, destroys it after a loss,
/// and runs every handler. paho's own callbacks only append to `events_`.
///
/// Locks: gate_ before paho's, paho's before mutex_. gate_ (shared: publishing; alone: replacing
/// the client) guards client_; mutex_ guards the rest. No lock is held while a handler runs.
class Publisher::State {
public:
    using Clock = std::chrono::steady_clock;

    State(PublisherOptions options, ConnectionHandler on_connection)
        : options_(std::move(options)),
          on_connection_(std::move(on_connection)),
          backoff_(options_.connection.retry_first, options_.connection.retry_ceiling,
                   std::random_device{}()),
          thread_([this] { run(); }) {}

    Result<void, PublishError> publish(std::string_view topic, std::string_view payload, Qos qos,
                                       Retain retain, Completion done);
    bool connected() const {
        const std::lock_guard lock(mutex_);
        return up_ && !closing_;
    }
    std::size_t in_flight() const {
        const std::lock_guard lock(mutex_);
        return tickets_.size();
    }
    void close(std::chrono::milliseconds wait);

private:
    /// What paho carries for us with a message; it stays where it is until the message's answer.
    struct Ticket {
        State* state;
        std::uint64_t id;
        Qos qos;
        Completion done;
    };
    struct Event {
        enum class Kind { answered, connected, connect_failed, lost };
        Kind kind;
        std::uint64_t id = 0;              // answered: of the ticket
        std::size_t receive_max = 65'535;  // connected: what the broker takes unacknowledged
        Fate fate = Fate::unknown;
        std::string reason;
    };
    using Tickets = std::map<std::uint64_t, Ticket>;

    void run();
    void wait_for_work(std::unique_lock<std::mutex>& lock);
    void connect();
    void discard_client();
    void handle(Event event);
    void lost(std::string_view reason);
    void answer(std::uint64_t id, Fate fate, std::string_view reason);
    void drop_connection(std::string_view reason);
    void push(Event event);
    Result<void, PublishError> register_ticket(Qos qos, Completion done, Ticket*& ticket);
    Ticket& add_ticket(Qos qos, Completion done);
    std::optional<std::uint64_t> say(std::string_view status);
    void say_goodbye();
    Tickets::node_type take_ticket(std::uint64_t id);
    Result<void, PublishError> hand_over(const std::string& topic, std::string_view payload,
                                         Qos qos, Retain retain, Ticket& ticket);

    static State& self(void* context) { return *static_cast<State*>(context); }
    static void answered(void* context, Fate fate, std::string reason) {
        const Ticket& ticket = *static_cast<Ticket*>(context);
        ticket.state->push({.kind = Event::Kind::answered,
                            .id = ticket.id,
                            .fate = fate,
                            .reason = std::move(reason)});
    }
    static void on_sent(void* context, MQTTAsync_successData*) {
        answered(context, Fate::acknowledged, {});
    }
    static void on_sent5(void* context, MQTTAsync_successData5*) {
        answered(context, Fate::acknowledged, {});
    }
    static void on_send_failed(void* context, MQTTAsync_failureData* data) {
        answered(context, Fate::unknown, paho::failure_text(data->code, data->message));
    }
    static void on_send_failed5(void* context, MQTTAsync_failureData5* data) {
        const auto code = static_cast<std::uint8_t>(data->reasonCode);
        // The broker's word only without a code of paho's own: with one it is not always set.
        if (data->code == 0 && code >= reason_failure_min)
            answered(context, Fate::refused, std::string(reason_text(code)));
        else
            answered(context, Fate::unknown, paho::failure_text(data->code, data->message));
    }
    static void on_connected(void* context, MQTTAsync_successData*) {
        self(context).push({.kind = Event::Kind::connected});
    }
    static void on_connected5(void* context, MQTTAsync_successData5* data) {
        Event event{.kind = Event::Kind::connected};
        if (MQTTProperties_hasProperty(&data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM) != 0)
            event.receive_max = static_cast<std::size_t>(MQTTProperties_getNumericValue(
                &data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM));
        self(context).push(std::move(event));
    }
    static void on_connect_failed(void* context, MQTTAsync_failureData* data) {
        std::string reason =
            data->code > 0 ? std::string(connect_return_text(static_cast<std::uint8_t>(data->code)))
                           : paho::failure_text(data->code, data->message);
        self(context).connect_failed(std::move(reason));
    }
    static void on_connect_failed5(void* context, MQTTAsync_failureData5* data) {
        const auto code = static_cast<std::uint8_t>(data->reasonCode);
        std::string reason = code >= reason_failure_min
                                 ? std::string(reason_text(code))
                                 : paho::failure_text(data->code, data->message);
        self(context).connect_failed(std::move(reason));
    }
    /// paho itself only says that TLS failed.
    static int on_tls_error(const char* line, std::size_t size, void* context) {
        const std::lock_guard lock(self(context).mutex_);
        self(context).tls_error_ = paho::tls_reason({line, size});
        return 1;  // go on with the next line
    }
    static void on_lost(void* context, char*) {
        self(context).push({.kind = Event::Kind::lost, .reason = "the connection ended"});
    }
    static void on_disconnected(void* context, MQTTProperties*, enum MQTTReasonCodes code) {
        self(context).push({.kind = Event::Kind::lost,
                            .reason = std::string(reason_text(static_cast<std::uint8_t>(code)))});
    }

    void connect_failed(std::string reason) {
        {
            const std::lock_guard lock(mutex_);
            if (const auto words = std::exchange(tls_error_, {}); !words.empty())
                reason = "TLS: " + words;
            else if (const BrokerUri& broker = options_.connection.broker; broker.tls)
                reason += ", which may mean that the broker's certificate is not for " +
                          broker.endpoint.host;
        }
        push({.kind = Event::Kind::connect_failed, .reason = std::move(reason)});
    }

    const paho::ThreadKeeper keeper_;
    const PublisherOptions options_;
    const ConnectionHandler on_connection_;

    std::shared_mutex gate_;
    MQTTAsync client_ = nullptr;

    mutable std::mutex mutex_;
    std::string tls_error_;  // of the attempt that is being made
    std::condition_variable changed_;
    std::deque<Event> events_;
    Tickets tickets_;
    std::size_t unacknowledged_ = 0;  // tickets at QoS 1 and 2
    std::size_t receive_max_ = 0;
    std::uint64_t next_id_ = 0;
    bool up_ = false;
    bool closing_ = false;
    bool stop_ = false;

    // Of the control thread alone.
    net::Backoff backoff_;
    bool connecting_ = false;
    bool failure_told_ = false;
    Clock::time_point next_attempt_ = Clock::now();

    std::thread thread_;
};

}  // namespace weir::mqtt
