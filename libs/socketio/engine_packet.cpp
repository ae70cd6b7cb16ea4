// SPDX-License-Identifier: Apache-2.0
#include "socketio/engine_packet.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "socketio/base64.hpp"

namespace weir::socketio {

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
    auto bytes = base64_decode(packet.substr(1));
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
