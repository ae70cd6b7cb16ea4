// SPDX-License-Identifier: Apache-2.0
#include "socketio/engine_packet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/assert.hpp"
#include "socketio/base64.hpp"

namespace weir::socketio {
namespace {

/// The bytes of a binary message. Base64 may come in lines, with an end after the last, too (RFC
/// 2045 section 6.8): the client for Java and Android writes it so.
std::optional<std::string> bytes_of(std::string_view base64) {
    if (base64.find_first_of("\r\n") == std::string_view::npos) return base64_decode(base64);
    std::string in_one_line(base64);
    std::erase_if(in_one_line, [](char c) { return c == '\r' || c == '\n'; });
    return base64_decode(in_one_line);
}

}  // namespace

std::optional<EnginePacket> parse_engine_packet(std::string_view text) {
    if (text.empty() || text.front() < '0' || text.front() > '6') return std::nullopt;
    return EnginePacket{.type = static_cast<EngineType>(text.front()), .data = text.substr(1)};
}

std::optional<EnginePacket> PayloadReader::next() {
    WEIR_ASSERT(!ended_, "a payload is read to its end only");
    const std::size_t end = std::min(rest_.find(payload_separator), rest_.size());
    const std::string_view packet = rest_.substr(0, end);
    ended_ = end == rest_.size();
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!packet.starts_with('b')) return parse_engine_packet(packet);
    auto bytes = bytes_of(packet.substr(1));
    if (!bytes) return std::nullopt;
    binary_ = std::move(*bytes);
    return EnginePacket{.type = EngineType::message, .binary = true, .data = binary_};
}

std::string open_packet_data(const OpenPacket& open) {
    return fmt::format(
        R"({{"sid":"{}","upgrades":[{}],"pingInterval":{},"pingTimeout":{},"maxPayload":{}}})",
        open.sid, open.can_upgrade ? R"("websocket")" : "", open.ping_interval.count(),
        open.ping_timeout.count(), open.max_payload);
}

}  // namespace weir::socketio
