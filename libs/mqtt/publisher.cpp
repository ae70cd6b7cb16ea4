// SPDX-License-Identifier: Apache-2.0
#include "mqtt/publisher.hpp"

#include <MQTTAsync.h>
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "mqtt/backoff.hpp"
#include "mqtt/paho.hpp"
#include "mqtt/reason.hpp"
#include "mqtt/topic.hpp"

namespace weir::mqtt {
namespace {

using Clock = std::chrono::steady_clock;

// The remaining length of a packet is at most 268,435,455 bytes (MQTT 5 section 1.5.5); topic,
// packet id and properties take part of it.
constexpr std::size_t payload_bytes_max = 268'435'455 - 65'535 - 16;

}  // namespace

std::string_view describe(PublishError error) {
    switch (error) {
        case PublishError::not_connected: return "there is no connection to the broker";
        case PublishError::queue_full: return "too many messages wait for the broker's answer";
        case PublishError::bad_topic: return "this is not a topic name";
        case PublishError::too_large: return "the message is larger than an MQTT packet can be";
        case PublishError::closed: return "the publisher is closed";
    }
    return "unknown error";
}

/// The control thread owns paho's client: it makes one per connection, destroys it after a loss,
/// and runs every handler. paho's own callbacks only append to `events_`.
///
/// Locks: gate_ before paho's, paho's before mutex_. gate_ (shared: publishing; alone: replacing
/// the client) guards client_; mutex_ guards the rest. No lock is held while a handler runs.
class Publisher::State {
public:
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
    void answer(std::uint64_t id, Fate fate, std::string_view reason);
    void drop_connection(std::string_view reason);
    void push(Event event);
    Result<void, PublishError> register_ticket(Qos qos, Completion done, Ticket*& ticket);
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
        if (code >= reason_failure_min)
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
    Backoff backoff_;
    bool connecting_ = false;
    bool failure_told_ = false;
    Clock::time_point next_attempt_ = Clock::now();

    std::thread thread_;
};

void Publisher::State::push(Event event) {
    const std::lock_guard lock(mutex_);
    if (event.kind == Event::Kind::connected) {
        up_ = true;
        receive_max_ = event.receive_max;
    }
    if (event.kind == Event::Kind::lost) up_ = false;
    events_.push_back(std::move(event));
    changed_.notify_all();
}

Result<void, PublishError> Publisher::State::publish(std::string_view topic,
                                                     std::string_view payload, Qos qos,
                                                     Retain retain, Completion done) {
    if (!is_topic_name(topic)) return PublishError::bad_topic;
    if (payload.size() > payload_bytes_max) return PublishError::too_large;
    const std::string terminated(topic);
    const std::shared_lock gate(gate_);
    Ticket* ticket = nullptr;
    if (auto registered = register_ticket(qos, std::move(done), ticket); !registered)
        return registered;
    return hand_over(terminated, payload, qos, retain, *ticket);
}

/// paho 1.3 would take more than the broker's receive maximum and queue it, but sends the rest only
/// when something else is published, or once a second: so it is never given more.
Result<void, PublishError> Publisher::State::register_ticket(Qos qos, Completion done,
                                                             Ticket*& ticket) {
    const bool counts = qos != Qos::at_most_once;
    const std::lock_guard lock(mutex_);
    if (closing_) return PublishError::closed;
    if (!up_) return PublishError::not_connected;
    if (tickets_.size() >= options_.in_flight_max) return PublishError::queue_full;
    if (counts && unacknowledged_ >= receive_max_) return PublishError::queue_full;
    const std::uint64_t id = next_id_++;
    ticket = &tickets_.emplace(id, Ticket{this, id, qos, std::move(done)}).first->second;
    if (counts) ++unacknowledged_;
    return {};
}

/// Empty when there is none with this id. Call with mutex_ held.
Publisher::State::Tickets::node_type Publisher::State::take_ticket(std::uint64_t id) {
    Tickets::node_type ticket = tickets_.extract(id);
    if (!ticket.empty() && ticket.mapped().qos != Qos::at_most_once) --unacknowledged_;
    return ticket;
}

Result<void, PublishError> Publisher::State::hand_over(const std::string& topic,
                                                       std::string_view payload, Qos qos,
                                                       Retain retain, Ticket& ticket) {
    MQTTAsync_message message = MQTTAsync_message_initializer;
    message.payload = const_cast<char*>(payload.data());  // paho copies it
    message.payloadlen = static_cast<int>(payload.size());
    message.qos = number(qos);
    message.retained = retain == Retain::yes ? 1 : 0;
    MQTTAsync_callOptions call = MQTTAsync_callOptions_initializer;
    call.context = &ticket;
    if (options_.connection.version == Version::v5) {
        call.onSuccess5 = on_sent5;
        call.onFailure5 = on_send_failed5;
    } else {
        call.onSuccess = on_sent;
        call.onFailure = on_send_failed;
    }
    const int code = MQTTAsync_sendMessage(client_, topic.c_str(), &message, &call);
    if (code == MQTTASYNC_SUCCESS) return {};
    const std::lock_guard lock(mutex_);
    take_ticket(ticket.id);
    const bool full = code == MQTTASYNC_MAX_BUFFERED_MESSAGES || code == MQTTASYNC_NO_MORE_MSGIDS;
    return full ? PublishError::queue_full : PublishError::not_connected;
}

void Publisher::State::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wait_for_work(lock);
        std::deque<Event> events = std::exchange(events_, {});
        const bool stop = stop_;
        lock.unlock();
        for (Event& event : events)
            handle(std::move(event));
        if (stop) break;
        if (client_ == nullptr && Clock::now() >= next_attempt_) connect();
        lock.lock();
    }
    drop_connection("the publisher was closed");
}

void Publisher::State::wait_for_work(std::unique_lock<std::mutex>& lock) {
    const auto work = [this] { return stop_ || !events_.empty(); };
    if (client_ == nullptr)
        changed_.wait_until(lock, next_attempt_, work);
    else
        changed_.wait(lock, work);
}

void Publisher::State::connect() {
    const Connection& connection = options_.connection;
    const bool v5 = connection.version == Version::v5;
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
    create.MQTTVersion = number(connection.version);
    create.maxBufferedMessages =
        static_cast<int>(std::min<std::size_t>(options_.in_flight_max, 65'535)) + 1;
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer;
    if (v5) connect = MQTTAsync_connectOptions_initializer5;
    connect.MQTTVersion = number(connection.version);
    connect.keepAliveInterval = static_cast<int>(connection.keep_alive.count());
    connect.connectTimeout = static_cast<int>(
        std::chrono::ceil<std::chrono::seconds>(connection.connect_timeout).count());
    if (!connection.user.empty()) {
        connect.username = connection.user.c_str();
        connect.binarypwd.data = connection.password.data();
        connect.binarypwd.len = static_cast<int>(connection.password.size());
    }
    paho::Tls tls(connection, on_tls_error, this);
    connect.ssl = tls.options();
    connect.context = this;
    connect.onSuccess = v5 ? nullptr : on_connected;
    connect.onFailure = v5 ? nullptr : on_connect_failed;
    connect.onSuccess5 = v5 ? on_connected5 : nullptr;
    connect.onFailure5 = v5 ? on_connect_failed5 : nullptr;

    int code = MQTTASYNC_SUCCESS;
    {
        const std::lock_guard gate(gate_);
        code = MQTTAsync_createWithOptions(&client_, paho::uri(connection.broker).c_str(),
                                           connection.client_id.c_str(),
                                           MQTTCLIENT_PERSISTENCE_NONE, nullptr, &create);
        if (code == MQTTASYNC_SUCCESS) {
            MQTTAsync_setConnectionLostCallback(client_, this, on_lost);
            if (v5) MQTTAsync_setDisconnected(client_, this, on_disconnected);
            code = MQTTAsync_connect(client_, &connect);
        }
    }
    connecting_ = true;
    if (code != MQTTASYNC_SUCCESS)
        push({.kind = Event::Kind::connect_failed, .reason = paho::failure_text(code, nullptr)});
}

void Publisher::State::discard_client() {
    const std::lock_guard gate(gate_);
    if (client_ != nullptr) MQTTAsync_destroy(&client_);
    client_ = nullptr;
}

void Publisher::State::handle(Event event) {
    const std::string broker = options_.connection.broker.text();
    switch (event.kind) {
        case Event::Kind::answered: answer(event.id, event.fate, event.reason); return;
        case Event::Kind::connected:
            connecting_ = false;
            failure_told_ = false;
            backoff_.reset();
            log::info("connected to the MQTT broker", {{"broker", broker}});
            if (on_connection_) on_connection_(true);
            return;
        case Event::Kind::connect_failed:
            if (!connecting_) return;
            connecting_ = false;
            log::write(std::exchange(failure_told_, true) ? log::Level::debug : log::Level::warn,
                       "cannot connect to the MQTT broker, trying on",
                       {{"broker", broker}, {"reason", event.reason}});
            discard_client();
            next_attempt_ = Clock::now() + backoff_.next();
            return;
        case Event::Kind::lost:
            if (client_ == nullptr) return;  // a broker's DISCONNECT was followed by the end
            log::warn("lost the MQTT broker, reconnecting",
                      {{"broker", broker}, {"reason", event.reason}});
            drop_connection(event.reason);
            next_attempt_ = Clock::now() + backoff_.next();
            if (on_connection_) on_connection_(false);
            return;
    }
}

void Publisher::State::answer(std::uint64_t id, Fate fate, std::string_view reason) {
    std::unique_lock lock(mutex_);
    const Tickets::node_type ticket = take_ticket(id);
    if (closing_) changed_.notify_all();
    lock.unlock();
    if (!ticket.empty() && ticket.mapped().done) ticket.mapped().done(fate, reason);
}

/// After this nothing of the old connection can call back: what paho still reported is answered
/// as it said, the rest is unknown.
void Publisher::State::drop_connection(std::string_view reason) {
    discard_client();
    connecting_ = false;
    std::unique_lock lock(mutex_);
    up_ = false;
    std::deque<Event> events = std::exchange(events_, {});
    lock.unlock();
    for (const Event& event : events)
        if (event.kind == Event::Kind::answered) answer(event.id, event.fate, event.reason);
    for (lock.lock(); !tickets_.empty(); lock.lock()) {
        const std::uint64_t oldest = tickets_.begin()->first;
        lock.unlock();
        answer(oldest, Fate::unknown, reason);
    }
}

void Publisher::State::close(std::chrono::milliseconds wait) {
    {
        std::unique_lock lock(mutex_);
        closing_ = true;
        changed_.wait_for(lock, wait, [this] { return tickets_.empty(); });
        stop_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
}

Publisher::Publisher(PublisherOptions options, ConnectionHandler on_connection)
    : state_(std::make_unique<State>(std::move(options), std::move(on_connection))) {}

Publisher::~Publisher() { state_->close(std::chrono::milliseconds{0}); }

Result<void, PublishError> Publisher::publish(std::string_view topic, std::string_view payload,
                                              Qos qos, Retain retain, Completion done) {
    return state_->publish(topic, payload, qos, retain, std::move(done));
}

bool Publisher::connected() const { return state_->connected(); }

std::size_t Publisher::in_flight() const { return state_->in_flight(); }

void Publisher::close(std::chrono::milliseconds wait) { state_->close(wait); }

}  // namespace weir::mqtt
