// SPDX-License-Identifier: Apache-2.0
#include "mqtt/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/assert.hpp"
#include "mqtt/broker_limits.hpp"
#include "mqtt/reason.hpp"

namespace weir::mqtt {
namespace {

constexpr std::uint8_t protocol_error = 0x82;
constexpr std::uint8_t session_taken_over = 0x8E;
constexpr std::uint8_t id_not_found = 0x92;
constexpr std::uint16_t subscribe_id = 1;  // with the next, the only packet ids we ever choose
constexpr std::uint16_t unsubscribe_id = 2;
constexpr std::size_t receive_max_limit = 65'535;

std::uint64_t digest_of(const Publish& message) {
    const std::hash<std::string_view> hash;
    return hash(message.topic) * 31 + hash(message.payload);
}

/// Reason code and, where the broker gives one, its own sentence.
std::string reason_sentence(std::uint8_t code, const Properties& properties) {
    const auto own = properties.find(PropertyId::reason_string);
    return own ? fmt::format("{} ({})", reason_text(code), own->text)
               : std::string(reason_text(code));
}

}  // namespace

Session::Session(SessionOptions options) : options_(std::move(options)) {
    WEIR_ASSERT(!options_.subscriptions.empty(), "a session without a subscription has no use");
    WEIR_ASSERT(options_.unacknowledged_max > 0, "a session must be able to hold a message");
}

void Session::open(Time now) {
    WEIR_ASSERT(stage_ == Stage::closed, "open() comes after lost()");
    stage_ = Stage::connecting;
    output_.clear();
    keep_alive_ = options_.keep_alive;
    ping_due_ = now + keep_alive_;
    answer_due_.reset();
    suback_due_.reset();
    Connect connect;
    connect.client_id = options_.client_id;
    connect.user = options_.user;
    connect.password = options_.password;
    connect.keep_alive = keep_alive_;
    connect.session_expiry_s = options_.session_expiry_s;
    connect.receive_max = static_cast<std::uint16_t>(
        std::clamp<std::size_t>(options_.unacknowledged_max / 2, 1, receive_max_limit));
    encode_connect(output_, connect, options_.version);
}

Result<Session::Event, Malformed> Session::receive(const Frame& frame, Time now) {
    if ((stage_ == Stage::connecting) != (frame.type == PacketType::connack))
        return Malformed{protocol_error, "CONNACK must be the first packet and come once"};
    if (answer_due_) answer_due_ = now + keep_alive_ / 2;
    switch (frame.type) {
        case PacketType::connack: return on_connack(frame, now);
        case PacketType::publish: return on_publish(frame, now);
        case PacketType::pubrel: return on_pubrel(frame);
        case PacketType::suback: return on_suback(frame);
        case PacketType::unsuback: return on_unsuback(frame);
        case PacketType::disconnect: return on_disconnect(frame);
        case PacketType::pingresp: {
            if (const auto good = check_pingresp(frame); !good) return good.error();
            answer_due_.reset();
            return Event{};
        }
        default: return Malformed{protocol_error, "this packet is not for a client"};
    }
}

Result<Session::Event, Malformed> Session::on_connack(const Frame& frame, Time now) {
    const auto connack = decode_connack(frame, options_.version);
    if (!connack) return connack.error();
    const bool v5 = options_.version == Version::v5;
    Event event;
    event.session_present = connack->session_present;
    if (connack->code != 0) {
        event.kind = Event::Kind::refused;
        event.text = v5 ? reason_sentence(connack->code, connack->properties)
                        : std::string(connect_return_text(connack->code));
        return event;
    }
    stage_ = Stage::connected;
    if (!connack->session_present && was_connected_) ++stats_.sessions_lost;
    if (!connack->session_present) forget_session();
    was_connected_ = true;
    if (const auto own = connack->properties.find(PropertyId::server_keep_alive)) {
        keep_alive_ = std::chrono::seconds{own->number};
        ping_due_ = now + keep_alive_;
    }
    event.text = expiry_warning(connack->properties, options_.session_expiry_s);
    if (connack->session_present && !options_.unsubscribe.empty())
        encode_unsubscribe(output_, unsubscribe_id, options_.unsubscribe, options_.version);
    // MQTT 3.1.1 would send all retained messages again with every SUBSCRIBE.
    if (!v5 && connack->session_present && was_subscribed_) {
        event.kind = Event::Kind::subscribed;
        return event;
    }
    std::string subscribe;
    encode_subscribe(subscribe, subscribe_id, options_.subscriptions, options_.version);
    if (auto refusal = obstacle(connack->properties, options_.subscriptions, subscribe.size());
        !refusal.empty()) {
        event.kind = Event::Kind::refused;
        event.text = std::move(refusal);
        return event;
    }
    event.kind = Event::Kind::connected;
    output_ += subscribe;
    suback_due_ = now + options_.answer_max;
    return event;
}

Result<Session::Event, Malformed> Session::on_suback(const Frame& frame) {
    const auto suback = decode_suback(frame, options_.version);
    if (!suback) return suback.error();
    if (suback->id != subscribe_id || suback->codes.size() != options_.subscriptions.size())
        return Malformed{protocol_error, "SUBACK does not answer our SUBSCRIBE"};
    suback_due_.reset();
    Event event;
    event.kind = Event::Kind::subscribed;
    for (std::size_t i = 0; i < suback->codes.size(); ++i) {
        const Subscription& wanted = options_.subscriptions[i];
        const auto code = static_cast<std::uint8_t>(suback->codes[i]);
        if (code >= reason_failure_min && !wanted.optional) {
            event.kind = Event::Kind::refused;
            event.text = fmt::format("subscribing to {}: {}", wanted.filter, reason_text(code));
            return event;
        }
    }
    event.text = grant_warning(suback->codes, options_.subscriptions);
    was_subscribed_ = true;
    return event;
}

Result<Session::Event, Malformed> Session::on_unsuback(const Frame& frame) {
    const auto unsuback = decode_unsuback(frame, options_.version);
    if (!unsuback) return unsuback.error();
    const std::size_t expected = options_.version == Version::v5 ? options_.unsubscribe.size() : 0;
    if (unsuback->id != unsubscribe_id || options_.unsubscribe.empty() ||
        unsuback->codes.size() != expected)
        return Malformed{protocol_error, "UNSUBACK does not answer our UNSUBSCRIBE"};
    Event event;
    event.kind = Event::Kind::unsubscribed;
    for (std::size_t i = 0; i < unsuback->codes.size(); ++i) {
        const auto code = static_cast<std::uint8_t>(unsuback->codes[i]);
        if (code < reason_failure_min) continue;
        event.text += fmt::format("{}unsubscribing from {}: {}", event.text.empty() ? "" : "; ",
                                  options_.unsubscribe[i], reason_text(code));
    }
    return event;
}

Result<Session::Event, Malformed> Session::on_publish(const Frame& frame, Time now) {
    const auto message = decode_publish(frame, options_.version);
    if (!message) return message.error();
    ++stats_.received[number(message->qos)];
    // What the broker has kept may come first, and be much.
    if (suback_due_) suback_due_ = now + options_.answer_max;
    const std::uint64_t digest = digest_of(*message);
    Event event;

    if (message->qos == Qos::exactly_once && to_release_.contains(message->id)) {
        // We have it and said so; the broker did not hear it. It is older than all in the ring.
        ++stats_.suppressed;
        encode_pubrec(output_, message->id);
        return event;
    }
    if (message->qos != Qos::at_most_once) {
        if (const auto known = adopt_old(*message, digest)) {
            ++stats_.suppressed;
            slots_[*known].place = Place::ring;
            ring_.push_back(*known);
            pop_ring();
            return event;
        }
    }
    if (message->duplicate) ++stats_.duplicates;
    const Index index = take_slot(*message, digest, now);
    if (message->qos == Qos::at_most_once)
        slots_[index].place = Place::adrift;
    else
        ring_.push_back(index);
    ++unacknowledged_;
    unacknowledged_bytes_ += slots_[index].bytes;
    full_ = full_ || unacknowledged_ >= options_.unacknowledged_max ||
            unacknowledged_bytes_ >= options_.unacknowledged_bytes_max.count;
    event.kind = Event::Kind::message;
    event.message = *message;
    event.token = token_of(index);
    return event;
}

Result<Session::Event, Malformed> Session::on_pubrel(const Frame& frame) {
    const auto pubrel = decode_pubrel(frame, options_.version);
    if (!pubrel) return pubrel.error();
    const bool known = to_release_.erase(pubrel->id) > 0;
    encode_pubcomp(output_, pubrel->id, known ? 0 : id_not_found, options_.version);
    return Event{};
}

Result<Session::Event, Malformed> Session::on_disconnect(const Frame& frame) {
    if (options_.version != Version::v5)
        return Malformed{protocol_error, "MQTT 3.1.1 has no DISCONNECT from the broker"};
    const auto disconnect = decode_disconnect(frame);
    if (!disconnect) return disconnect.error();
    taken_over_ = disconnect->reason == session_taken_over;
    Event event;
    event.kind = Event::Kind::ended;
    event.text = disconnect->reason == 0
                     ? "the broker said goodbye"
                     : reason_sentence(disconnect->reason, disconnect->properties);
    return event;
}

void Session::acknowledge(Token token) {
    const auto index = static_cast<Index>(static_cast<std::uint64_t>(token) & 0xFFFFFFFFU);
    WEIR_ASSERT(index < slots_.size() && token_of(index) == token && !slots_[index].done,
                "a token is acknowledged once");
    Slot& slot = slots_[index];
    count_done(slot);
    if (slot.place == Place::adrift)
        release(index);
    else if (slot.place == Place::ring)
        pop_ring();
}

bool Session::suback_overdue(Time now, bool reading) {
    if (!suback_due_) return false;
    if (!reading) suback_due_ = now + options_.answer_max;
    return now > *suback_due_;
}

Session::Pulse Session::tick(Time now, bool reading) {
    if (stage_ != Stage::connected) return Pulse::fine;
    if (suback_overdue(now, reading)) return Pulse::not_subscribed;
    if (keep_alive_.count() == 0) return Pulse::fine;
    const auto patience = keep_alive_ / 2;
    if (answer_due_) {
        if (!reading) answer_due_ = now + patience;
        if (now > *answer_due_) return Pulse::broker_silent;
    }
    if (now >= ping_due_) {
        encode_pingreq(output_);
        // Also with other traffic, so that a dead peer is always noticed.
        ping_due_ = now + keep_alive_ * 3 / 4;
        if (!answer_due_) answer_due_ = now + patience;
    }
    return Pulse::fine;
}

void Session::close(std::uint8_t reason) {
    if (stage_ != Stage::closed) encode_disconnect(output_, reason, options_.version);
}

void Session::lost() {
    stage_ = Stage::closed;
    output_.clear();
    for (const Index index : ring_) {
        slots_[index].place = Place::old;
        old_[slots_[index].id].push_back(index);
    }
    ring_.clear();
    // Another client acknowledges what we had, and its ids come to mean other messages.
    if (std::exchange(taken_over_, false)) forget_session();
    bound_old();
}

std::optional<Session::Time> Session::oldest() const {
    std::optional<Time> oldest;
    for (const Slot& slot : slots_)
        if (slot.place != Place::free && !slot.done && (!oldest || slot.received < *oldest))
            oldest = slot.received;
    return oldest;
}

Session::Index Session::take_slot(const Publish& message, std::uint64_t digest, Time now) {
    if (free_.empty()) {
        free_.push_back(static_cast<Index>(slots_.size()));
        slots_.emplace_back();
    }
    const Index index = free_.back();
    free_.pop_back();
    Slot& slot = slots_[index];
    slot.id = message.id;
    slot.qos = message.qos;
    slot.place = Place::ring;
    slot.done = false;
    slot.digest = digest;
    slot.bytes = message.topic.size() + message.payload.size() + message.properties.size();
    slot.received = now;
    return index;
}

Token Session::token_of(Index index) const {
    return Token{std::uint64_t{slots_[index].generation} << 32U | index};
}

/// The place of an earlier connection that this message belongs to. A broker that uses the id for
/// something else has no more interest in what was there before.
std::optional<Session::Index> Session::adopt_old(const Publish& message, std::uint64_t digest) {
    const auto found = old_.find(message.id);
    if (found == old_.end()) return std::nullopt;
    std::vector<Index>& places = found->second;
    const auto same = [&](Index index) {
        return message.duplicate && slots_[index].digest == digest &&
               slots_[index].qos == message.qos;
    };
    const auto match = std::find_if(places.begin(), places.end(), same);
    std::for_each(places.begin(), match, [this](Index index) { let_go(index); });
    std::optional<Index> adopted;
    if (match != places.end()) adopted = *match;
    places.erase(places.begin(), match == places.end() ? match : match + 1);
    if (places.empty()) old_.erase(found);
    return adopted;
}

void Session::release(Index index) {
    slots_[index].place = Place::free;
    ++slots_[index].generation;
    free_.push_back(index);
}

/// Its packet id means nothing any more; the place lives on while its token is out.
void Session::let_go(Index index) {
    if (slots_[index].done)
        release(index);
    else
        slots_[index].place = Place::adrift;
}

void Session::count_done(Slot& slot) {
    slot.done = true;
    ++stats_.acknowledged;
    --unacknowledged_;
    unacknowledged_bytes_ -= slot.bytes;
    if (unacknowledged_ <= options_.unacknowledged_max / 2 &&
        unacknowledged_bytes_ <= options_.unacknowledged_bytes_max.count / 2)
        full_ = false;
}

/// Acknowledges from the head as far as everything is done: the order of the messages is the
/// order of their acknowledgements (section 4.6).
void Session::pop_ring() {
    while (!ring_.empty() && slots_[ring_.front()].done) {
        const Index index = ring_.front();
        ring_.pop_front();
        const Slot& slot = slots_[index];
        if (slot.qos == Qos::exactly_once) {
            encode_pubrec(output_, slot.id);
            to_release_.insert(slot.id);
        } else {
            encode_puback(output_, slot.id);
        }
        release(index);
    }
}

void Session::forget_session() {
    for (const auto& [id, places] : old_)
        for (const Index index : places)
            let_go(index);
    old_.clear();
    to_release_.clear();
}

/// Finished places whose messages the broker never sends again would pile up over many
/// reconnects. Giving them up can only cause a duplicate.
void Session::bound_old() {
    std::size_t count = 0;
    for (const auto& [id, places] : old_)
        count += places.size();
    if (count <= 4 * options_.unacknowledged_max) return;
    for (auto& [id, places] : old_) {
        const auto done = [this](Index index) { return slots_[index].done; };
        for (const Index index : places)
            if (done(index)) let_go(index);
        std::erase_if(places, [this](Index index) { return slots_[index].place == Place::free; });
    }
    std::erase_if(old_, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace weir::mqtt
