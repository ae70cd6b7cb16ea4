// SPDX-License-Identifier: Apache-2.0
#include "mqtt/publisher.hpp"

#include <MQTTAsync.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "mqtt/paho.hpp"
#include "mqtt/publisher_state.hpp"
#include "mqtt/topic.hpp"

namespace weir::mqtt {
namespace {

// The remaining length of a packet is at most 268,435,455 bytes (MQTT 5 section 1.5.5); topic,
// packet id and properties take part of it.
constexpr std::size_t payload_bytes_max = 268'435'455 - 65'535 - 16;

constexpr const char* online = "online";
constexpr const char* offline = "offline";
constexpr std::chrono::milliseconds last_word_max{1'000};

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
    ticket = &add_ticket(qos, std::move(done));
    return {};
}

/// Call with mutex_ held.
Publisher::State::Ticket& Publisher::State::add_ticket(Qos qos, Completion done) {
    const std::uint64_t id = next_id_++;
    if (qos != Qos::at_most_once) ++unacknowledged_;
    return tickets_.emplace(id, Ticket{this, id, qos, std::move(done)}).first->second;
}

/// Beyond all limits, for it is one message; if it is lost, so is the connection, and with the next
/// one it is said anew. Returns what its answer will name, nothing when there is none to come.
std::optional<std::uint64_t> Publisher::State::say(std::string_view status) {
    if (options_.status_topic.empty()) return std::nullopt;
    const std::shared_lock gate(gate_);
    std::unique_lock lock(mutex_);
    if (!up_) return std::nullopt;
    Ticket& ticket = add_ticket(Qos::at_least_once, [this](Fate fate, std::string_view reason) {
        if (fate == Fate::refused)
            log::warn("the MQTT broker refuses the status",
                      {{"topic", options_.status_topic}, {"reason", reason}});
    });
    const std::uint64_t id = ticket.id;
    lock.unlock();
    const auto sent =
        hand_over(options_.status_topic, status, Qos::at_least_once, Retain::yes, ticket);
    return sent ? std::optional(id) : std::nullopt;
}

/// A connection that is closed in good order has no will: what the broker would say, we must.
void Publisher::State::say_goodbye() {
    const auto id = say(offline);
    std::unique_lock lock(mutex_);
    const auto taken = [&] {
        return std::any_of(events_.begin(), events_.end(), [&](const Event& event) {
            return event.kind == Event::Kind::answered && event.id == *id;
        });
    };
    if (id) changed_.wait_for(lock, last_word_max, [&] { return taken() || !up_; });
    if (!up_ || options_.status_topic.empty() || (id && taken())) return;
    lock.unlock();
    log::warn("the MQTT broker has not taken our last word, it may go on saying online",
              {{"topic", options_.status_topic}});
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
    say_goodbye();
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
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    will.topicName = options_.status_topic.c_str();
    will.message = offline;
    will.retained = 1;
    will.qos = number(Qos::at_least_once);
    if (!options_.status_topic.empty()) connect.will = &will;
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
        case Event::Kind::answered:
            // With its connection paho gives up younger messages first; all come back in order.
            if (event.fate == Fate::unknown) return lost("the connection ended");
            return answer(event.id, event.fate, event.reason);
        case Event::Kind::connected:
            connecting_ = false;
            failure_told_ = false;
            backoff_.reset();
            log::info("connected to the MQTT broker", {{"broker", broker}});
            say(online);
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
        case Event::Kind::lost: return lost(event.reason);
    }
}

void Publisher::State::lost(std::string_view reason) {
    if (client_ == nullptr) return;  // it was said before, in another way
    log::warn("lost the MQTT broker, reconnecting",
              {{"broker", options_.connection.broker.text()}, {"reason", std::string(reason)}});
    drop_connection(reason);
    next_attempt_ = Clock::now() + backoff_.next();
    if (on_connection_) on_connection_(false);
}

void Publisher::State::answer(std::uint64_t id, Fate fate, std::string_view reason) {
    std::unique_lock lock(mutex_);
    const Tickets::node_type ticket = take_ticket(id);
    if (closing_) changed_.notify_all();
    lock.unlock();
    if (!ticket.empty() && ticket.mapped().done) ticket.mapped().done(fate, reason);
}

/// After this nothing of the old connection can call back: what the broker still answered is
/// answered so, the rest is unknown, in the order of publishing.
void Publisher::State::drop_connection(std::string_view reason) {
    std::unique_lock lock(mutex_);
    up_ = false;  // before the client goes: publish() takes it for there
    lock.unlock();
    discard_client();
    connecting_ = false;
    lock.lock();
    std::deque<Event> events = std::exchange(events_, {});
    lock.unlock();
    for (const Event& event : events)
        if (event.kind == Event::Kind::answered && event.fate != Fate::unknown)
            answer(event.id, event.fate, event.reason);
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
