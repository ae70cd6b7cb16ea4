// SPDX-License-Identifier: Apache-2.0
#include "socketio/uplink_protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "json/document.hpp"
#include "socketio/engine_packet.hpp"
#include "socketio/packet.hpp"

namespace weir::socketio {
namespace {

using Reaction = UplinkProtocol::Reaction;
using Kind = Reaction::Kind;

// What a server may say of its times. Longer ones are a slip, or worse.
constexpr std::int64_t time_ms_max = 86'400'000;

Reaction over(std::string why) { return {.kind = Kind::over, .why = std::move(why)}; }

Reaction broken(std::string_view what) {
    return over(fmt::format("it sent {}, which is no Socket.IO 5", what));
}

std::string message_of(EngineType engine, const Packet& packet) {
    return static_cast<char>(engine) + encode_packet(packet);
}

/// `4[<nsp>,]{"message":…}`, which only servers send.
Reaction refusal(std::string_view text) {
    text.remove_prefix(1);
    std::string_view nsp = "/";
    if (text.starts_with('/')) {
        const std::size_t comma = std::min(text.find(','), text.size());
        nsp = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    json::Document document;
    std::string said = "no reason";
    if (document.read(text))
        if (const auto message = document.string(json::Pointer::member("message"))) said = *message;
    return over(fmt::format("it does not let us into the namespace {}: {}", nsp, said));
}

}  // namespace

UplinkProtocol::UplinkProtocol(const std::vector<std::string>& nsps, std::string auth)
    : awaited_(nsps.begin(), nsps.end()), auth_(std::move(auth)) {}

Reaction UplinkProtocol::receive(std::string_view message, std::vector<std::string>& answers) {
    const auto packet = parse_engine_packet(message);
    if (!packet) return broken("an unknown packet");
    if (!silence_max_ && packet->type != EngineType::open)
        return broken("something before it opened");
    switch (packet->type) {
        case EngineType::open: return on_open(packet->data, answers);
        case EngineType::close: return over("it closed the connection");
        case EngineType::ping:
            answers.push_back(static_cast<char>(EngineType::pong) + std::string(packet->data));
            return {};
        case EngineType::message: return on_packet(packet->data);
        case EngineType::pong:
        case EngineType::upgrade:
        case EngineType::noop: break;
    }
    return {};
}

Reaction UplinkProtocol::on_open(std::string_view data, std::vector<std::string>& answers) {
    if (silence_max_) return broken("a second opening");
    json::Document open;
    if (const auto read = open.read(data); !read) return broken("an opening that is not JSON");
    const auto number = [&](std::string_view name, std::int64_t max) {
        const auto value = open.int64(json::Pointer::member(name));
        return value && *value > 0 && *value <= max ? *value : 0;
    };
    const auto interval = number("pingInterval", time_ms_max);
    const auto timeout = number("pingTimeout", time_ms_max);
    const auto size = number("maxPayload", std::int64_t{1} << 40);
    if (interval == 0 || timeout == 0) return broken("an opening without its times");
    silence_max_ = std::chrono::milliseconds{interval + timeout};
    // Servers before Engine.IO 6.0 do not say.
    constexpr std::int64_t usual_size = 1'000'000;
    message_bytes_max_ = static_cast<std::size_t>(size == 0 ? usual_size : size);
    for (const std::string& nsp : awaited_)
        answers.push_back(message_of(EngineType::message,
                                     {.type = PacketType::connect, .nsp = nsp, .data = auth_}));
    return {};
}

Reaction UplinkProtocol::on_packet(std::string_view text) {
    if (text.empty()) return broken("an empty packet");
    switch (static_cast<PacketType>(text.front())) {
        case PacketType::connect: return on_joined(text);
        case PacketType::connect_error: return refusal(text);
        case PacketType::disconnect: return over("it disconnected us");
        case PacketType::ack:
        case PacketType::binary_ack:
            if (const auto packet = parse_packet(text, {}); packet && packet->id)
                return {.kind = Kind::ack, .ack = *packet->id};
            return broken("an ack that cannot be read");
        case PacketType::event:
        case PacketType::binary_event: return {};
    }
    return broken("an unknown packet");
}

Reaction UplinkProtocol::on_joined(std::string_view text) {
    const auto packet = parse_packet(text, {});
    if (!packet) return broken("an answer to CONNECT that cannot be read");
    const auto joined = awaited_.find(packet->nsp);
    if (joined == awaited_.end()) return broken("a namespace nobody asked for");
    awaited_.erase(joined);
    return {.kind = awaited_.empty() ? Kind::joined : Kind::none};
}

std::string uplink_message(std::string_view nsp, std::string_view event, std::string_view args,
                           std::optional<std::uint64_t> ack) {
    return static_cast<char>(EngineType::message) + encode_event(nsp, event, args, 0, ack);
}

}  // namespace weir::socketio
