// SPDX-License-Identifier: Apache-2.0
#include "relay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir::emitter {
namespace {

// Names a Socket.IO client keeps for itself (Socket.IO protocol, revision 5, "EVENT").
constexpr std::array<std::string_view, 6> reserved_events{
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"};

constexpr std::string_view name_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

bool is_name(std::string_view text) {
    constexpr std::size_t bytes_max = 249;  // Kafka's for topics; plenty for the others
    return !text.empty() && text.size() <= bytes_max &&
           text.find_first_not_of(name_characters) == std::string_view::npos;
}

bool is_namespace(std::string_view text) {
    return text == "/" || (text.starts_with('/') && is_name(text.substr(1)));
}

Error relay_error(std::string_view text, std::string_view wrong) {
    return {
        fmt::format("expected TOPIC=EVENT[@NAMESPACE][:SHAPE][:latest|:drop] such as "
                    "results=window@/live, got \"{}\": {}",
                    text, wrong)};
}

}  // namespace

Result<EventName> EventName::parse(std::string_view text) {
    EventName name;
    if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
        name.nsp = text.substr(at + 1);
        text = text.substr(0, at);
    }
    name.event = text;
    if (!is_name(name.event)) return Error{"that is not an event name"};
    if (!is_namespace(name.nsp)) return Error{"a namespace starts with \"/\""};
    return name;
}

}  // namespace weir::emitter

namespace weir::config {

using emitter::Relay;

Result<Relay> Codec<Relay>::parse(std::string_view text) {
    using namespace emitter;
    using namespace std::string_view_literals;
    Relay relay;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return relay_error(text, "there is no \"=\"");
    relay.topic = text.substr(0, equals);
    std::string_view rest = text.substr(equals + 1);

    for (const auto& [ending, flag] :
         {std::pair{":latest"sv, &Relay::latest}, std::pair{":drop"sv, &Relay::drop}})
        if (!relay.is_volatile() && rest.ends_with(ending)) {
            relay.*flag = true;
            rest.remove_suffix(ending.size());
        }
    if (const std::size_t colon = rest.rfind(':'); colon != std::string_view::npos) {
        const auto shape = Codec<Shape>::parse(rest.substr(colon + 1));
        if (!shape) return relay_error(text, shape.error().message);
        relay.shape = *shape;
        rest = rest.substr(0, colon);
    }
    if (!is_name(relay.topic)) return relay_error(text, "that is not a Kafka topic");
    auto name = EventName::parse(rest);
    if (!name) return relay_error(text, name.error().message);
    relay.event = std::move(name->event);
    relay.nsp = std::move(name->nsp);

    const bool reserved = std::ranges::find(reserved_events, relay.event) != reserved_events.end();
    const bool ours = relay.event == snapshot_event || relay.event == totals_event;
    if (reserved || relay.event == dropped_event || (ours && !is_plain(relay.nsp)))
        return relay_error(text, "that event name has a meaning of its own");
    return relay;
}

std::string Codec<Relay>::format(const Relay& relay) {
    return fmt::format("{}={}@{}:{}{}", relay.topic, relay.event, relay.nsp,
                       Codec<emitter::Shape>::format(relay.shape),
                       relay.latest ? ":latest"
                       : relay.drop ? ":drop"
                                    : "");
}

}  // namespace weir::config
