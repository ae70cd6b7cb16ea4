// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "base/types.hpp"
#include "input.hpp"
#include "mqtt/read_buffer.hpp"
#include "mqtt/session.hpp"

namespace weir::fuzz {

/// A session at a broker that sends any bytes, in pieces of any size, while messages are
/// acknowledged in any order and connections break at any moment, as Subscriber would do it.
///
/// The input: a byte of options, then again and again a byte of what happens and a text of what the
/// broker sends next.
class SessionPlay {
public:
    explicit SessionPlay(unsigned options) : session_(session_options(options)) {
        session_.open(now_);
    }

    void step(unsigned what, std::string_view bytes) {
        if ((what & 1U) != 0) acknowledge(0);
        if ((what & 2U) != 0 && !tokens_.empty()) acknowledge(tokens_.size() - 1);
        if ((what & 4U) != 0) reconnect();
        if ((what & 8U) != 0) now_ += std::chrono::seconds{20};
        if (session_.tick(now_, (what & 16U) == 0) != mqtt::Session::Pulse::fine) reconnect();
        for (Input input(bytes); !input.empty();)
            read(input);
        check();
    }

    /// Whether an event of this kind has come.
    bool seen(mqtt::Session::Event::Kind kind) const {
        return (seen_ >> static_cast<unsigned>(kind) & 1U) != 0;
    }

    void finish() {
        while (!tokens_.empty())
            acknowledge(0);
        check();
        session_.close(0);
        session_.lost();
        check();
    }

private:
    static constexpr std::size_t packet_bytes_max = 128;
    static constexpr std::size_t unacknowledged_max = 8;

    static mqtt::SessionOptions session_options(unsigned options) {
        mqtt::SessionOptions result;
        result.client_id = "fuzz";
        result.version = (options & 1U) != 0 ? mqtt::Version::v3_1_1 : mqtt::Version::v5;
        result.keep_alive = std::chrono::seconds{(options & 2U) != 0 ? 0 : 60};
        result.subscriptions = {{"t/+", mqtt::Qos::exactly_once}};
        if ((options & 4U) != 0) result.subscriptions.push_back({"u", mqtt::Qos::at_least_once});
        if ((options & 8U) != 0) result.unsubscribe = {"old"};
        result.unacknowledged_max = unacknowledged_max;
        result.unacknowledged_bytes_max = Bytes{1'024};
        return result;
    }

    void read(Input& input) {
        if (session_.full()) {  // nothing is read then
            input.rest();
            return;
        }
        const std::span<char> room = buffer_.room();
        const std::string_view part = input.bytes(room.size());
        std::copy(part.begin(), part.end(), room.begin());
        buffer_.filled(part.size());
        while (!session_.full()) {
            const auto frame = mqtt::take_frame(buffer_.unread(), packet_bytes_max);
            if (!frame) return leave(frame.error().reason);
            if (!frame->has_value()) return;
            WEIR_ASSERT((*frame)->size <= packet_bytes_max, "a frame is bounded");
            const auto event = session_.receive(**frame, now_);
            if (!event) return leave(event.error().reason);
            if (!take(*event)) return;
            buffer_.take(**frame);
        }
    }

    /// False when the connection is over.
    bool take(const mqtt::Session::Event& event) {
        using Kind = mqtt::Session::Event::Kind;
        seen_ |= 1U << static_cast<unsigned>(event.kind);
        switch (event.kind) {
            case Kind::message:
                WEIR_ASSERT(!event.message.topic.empty(), "a message has a topic");
                WEIR_ASSERT(event.message.payload.size() <= event.message.payload_size,
                            "no more of a payload than there is");
                tokens_.push_back(event.token);
                return true;
            case Kind::refused: leave(0); return false;
            case Kind::ended: reconnect(); return false;
            default: return true;
        }
    }

    void acknowledge(std::size_t which) {
        if (which >= tokens_.size()) return;
        session_.acknowledge(tokens_[which]);
        tokens_.erase(tokens_.begin() + static_cast<std::ptrdiff_t>(which));
    }

    void leave(std::uint8_t reason) {
        session_.close(reason);
        reconnect();
    }

    void reconnect() {
        session_.lost();
        buffer_.clear();
        session_.open(now_);
    }

    void check() {
        WEIR_ASSERT(session_.unacknowledged() == tokens_.size(), "every token is counted once");
        WEIR_ASSERT(session_.oldest().has_value() != tokens_.empty(), "the oldest is one of them");
        WEIR_ASSERT(tokens_.size() <= unacknowledged_max, "what is held is bounded");
        session_.output().clear();
    }

    mqtt::Session session_;
    mqtt::Session::Time now_{};
    mqtt::ReadBuffer buffer_{packet_bytes_max};
    std::vector<mqtt::Token> tokens_;
    unsigned seen_ = 0;
};

inline SessionPlay play_session(std::string_view bytes) {
    Input input(bytes);
    SessionPlay play(input.byte());
    while (!input.empty()) {
        const unsigned what = input.byte();
        play.step(what, input.text());
    }
    play.finish();
    return play;
}

/// Whether an event of this kind comes when the input is played.
inline bool session_reaches(std::string_view bytes, mqtt::Session::Event::Kind kind) {
    return play_session(bytes).seen(kind);
}

}  // namespace weir::fuzz
