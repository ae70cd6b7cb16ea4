// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "bytes.hpp"
#include "catch.hpp"
#include "mqtt/session.hpp"

namespace weir::mqtt::test {

/// A session and the broker's end of its connection.
struct Bench {
    explicit Bench(Version version_ = Version::v5, std::size_t unacknowledged_max = 100)
        : version(version_), session(options(version_, unacknowledged_max)) {}

    static SessionOptions options(Version version, std::size_t unacknowledged_max) {
        SessionOptions options;
        options.client_id = "bridge";
        options.version = version;
        options.keep_alive = std::chrono::seconds{60};
        options.subscriptions = {{"t/+", Qos::exactly_once}};
        options.unacknowledged_max = unacknowledged_max;
        return options;
    }

    Session::Event give(const std::string& stream) {
        const auto frame = take_frame(stream, 1'000'000);
        REQUIRE(frame.ok());
        REQUIRE(frame->has_value());
        const auto event = session.receive(**frame, now);
        REQUIRE(event.ok());
        return *event;
    }
    unsigned refuse(const std::string& stream) {
        const auto frame = take_frame(stream, 1'000'000);
        REQUIRE(frame.ok());
        const auto event = session.receive(**frame, now);
        REQUIRE_FALSE(event.ok());
        return event.error().reason;
    }
    Token message(PublishBytes publish_bytes) {
        publish_bytes.v5 = version == Version::v5;
        const Session::Event event = give(publish(publish_bytes));
        REQUIRE(event.kind == Session::Event::Kind::message);
        return event.token;
    }
    void known(PublishBytes publish_bytes) {
        publish_bytes.v5 = version == Version::v5;
        publish_bytes.duplicate = true;
        CHECK(give(publish(publish_bytes)).kind == Session::Event::Kind::none);
    }
    std::string sent() { return std::exchange(session.output(), {}); }
    void connect(unsigned session_present = 0) {
        session.open(now);
        const bool v5 = version == Version::v5;
        const auto event = give(v5 ? connack5(session_present) : connack311(session_present));
        if (event.kind == Session::Event::Kind::connected)
            give(v5 ? suback5(bytes({2})) : suback311(bytes({2})));
        sent();
    }
    void reconnect(unsigned session_present = 1) {
        session.lost();
        connect(session_present);
    }

    Version version;
    Session session;
    Session::Time now{};
};

}  // namespace weir::mqtt::test
