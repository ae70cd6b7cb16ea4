// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "config/codec.hpp"

namespace weir::emitter {

/// What an event's value is made of.
enum class Shape {
    raw,   ///< the record's value as it is
    card,  ///< `{"device_name","window_start","window_end","data"}` of a result record
};

constexpr auto choices_of(Shape) {
    return std::array{std::pair{std::string_view("raw"), Shape::raw},
                      std::pair{std::string_view("card"), Shape::card}};
}

/// An event as options name it, `EVENT[@NAMESPACE]`.
struct EventName {
    std::string event;
    std::string nsp = "/";

    bool operator==(const EventName&) const = default;

    /// Errors: what is wrong, without the text.
    static Result<EventName> parse(std::string_view text);
    [[nodiscard]] std::string text() const { return event + '@' + nsp; }
};

/// One `--relay TOPIC=EVENT[@NAMESPACE][:SHAPE][:latest|:drop]`: each record of the topic becomes
/// an event.
struct Relay {
    std::string topic;
    std::string event;
    std::string nsp = "/";
    Shape shape = Shape::raw;
    bool latest = false;  ///< a client that is slow gets the last event of each key only
    bool drop = false;    ///< a client that is slow gets the newest events, and how many it lost

    /// A client that is slow does without its events at first, and is not disconnected for them.
    [[nodiscard]] bool is_volatile() const { return latest || drop; }
    bool operator==(const Relay&) const = default;
    [[nodiscard]] bool makes(const EventName& name) const {
        return event == name.event && nsp == name.nsp;
    }
};

/// The namespace `/` is plain: its events have the value as their one argument and nothing else is
/// sent there, as the pages of older systems expect. In any other, events have a second argument
/// with the record's origin, and joining brings a snapshot and totals.
inline bool is_plain(std::string_view nsp) { return nsp == "/"; }

/// Events of our own in namespaces that are not plain.
inline constexpr std::string_view snapshot_event = "snapshot";
inline constexpr std::string_view totals_event = "totals";
/// Of relays with `drop`, in any namespace.
inline constexpr std::string_view dropped_event = "dropped";

}  // namespace weir::emitter

namespace weir::config {

template <>
struct Codec<emitter::Relay> {
    static Result<emitter::Relay> parse(std::string_view text);
    static std::string format(const emitter::Relay& relay);
    static std::string metavar() { return "TOPIC=EVENT[@NAMESPACE][:SHAPE][:latest|:drop]"; }
};

}  // namespace weir::config
