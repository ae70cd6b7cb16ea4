// SPDX-License-Identifier: Apache-2.0
#include "socketio/websocket_frame.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace weir::socketio::websocket {
namespace {

constexpr std::uint8_t final_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t mask_bit = 0x80;
constexpr std::size_t mask_size = 4;
constexpr std::size_t control_payload_max = 125;

// A reader between messages keeps no more than this, so that ten thousand idle ones cost nothing.
constexpr std::size_t idle_capacity_max = 512;

std::uint8_t byte_at(std::string_view bytes, std::size_t i) {
    return static_cast<std::uint8_t>(bytes[i]);
}

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes)
        value = (value << 8) | static_cast<std::uint8_t>(byte);
    return value;
}

void append_big_endian(std::string& out, std::uint64_t value, int size) {
    for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
        out += static_cast<char>((value >> shift) & 0xFF);
}

bool is_control(Opcode opcode) { return static_cast<std::uint8_t>(opcode) >= 8; }

bool is_known(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

/// RFC 6455 section 7.4: 1005, 1006 and 1015 are never on the wire, 1004 and 1016 to 2999 unused.
bool may_be_sent(std::uint64_t code) {
    return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
           (code >= 3000 && code <= 4999);
}

bool is_close_payload(std::string_view payload) {
    return payload.empty() ||
           (payload.size() >= 2 && may_be_sent(big_endian(payload.substr(0, 2))) &&
            is_utf8(payload.substr(2)));
}

void unmask(char* payload, std::size_t size, const char* mask) {
    for (std::size_t i = 0; i < size; ++i)
        payload[i] = static_cast<char>(payload[i] ^ mask[i % mask_size]);
}

}  // namespace

void append_frame_header(std::string& out, Opcode opcode, std::size_t payload_size) {
    out += static_cast<char>(final_bit | static_cast<std::uint8_t>(opcode));
    if (payload_size < 126) {
        out += static_cast<char>(payload_size);
    } else if (payload_size <= 0xFFFF) {
        out += static_cast<char>(126);
        append_big_endian(out, payload_size, 2);
    } else {
        out += static_cast<char>(127);
        append_big_endian(out, payload_size, 8);
    }
}

std::string close_frame(std::optional<CloseCode> code) {
    std::string frame;
    append_frame_header(frame, Opcode::close, code ? 2 : 0);
    if (code) append_big_endian(frame, static_cast<std::uint16_t>(*code), 2);
    return frame;
}

void FrameReader::append(std::string_view bytes) {
    drop_used();
    buffer_.append(bytes);
}

void FrameReader::drop_used() {
    buffer_.erase(0, used_);
    used_ = 0;
    if (buffer_.empty() && buffer_.capacity() > idle_capacity_max) buffer_ = {};
    if (!fragmented_ && fragments_.capacity() > idle_capacity_max) fragments_ = {};
}

std::optional<FrameReader::Header> FrameReader::read_header(Event& event) const {
    const std::string_view bytes = std::string_view(buffer_).substr(used_);
    if (bytes.size() < 2) return std::nullopt;
    const std::uint8_t first = byte_at(bytes, 0);
    const std::uint8_t second = byte_at(bytes, 1);
    const std::uint8_t opcode = first & 0x0F;
    event = error(CloseCode::protocol_error);
    if ((first & reserved_bits) != 0 || !is_known(opcode) || (second & mask_bit) == 0)
        return std::nullopt;
    Header header{.final = (first & final_bit) != 0,
                  .opcode = static_cast<Opcode>(opcode),
                  .size = static_cast<std::size_t>(second & 0x7F),
                  .header_size = 2 + mask_size};
    if (is_control(header.opcode)) {
        if (!header.final || header.size > control_payload_max) return std::nullopt;
    } else if ((header.opcode == Opcode::continuation) != fragmented_.has_value()) {
        return std::nullopt;
    }
    if (header.size >= 126) {
        const std::size_t size_bytes = header.size == 126 ? 2 : 8;
        event = {};
        if (bytes.size() < 2 + size_bytes) return std::nullopt;
        const std::uint64_t size = big_endian(bytes.substr(2, size_bytes));
        event = error(CloseCode::too_large);
        if (size > message_bytes_max_) return std::nullopt;
        header.size = static_cast<std::size_t>(size);
        header.header_size += size_bytes;
    }
    event = error(CloseCode::too_large);
    if (!is_control(header.opcode) && header.size + fragments_.size() > message_bytes_max_)
        return std::nullopt;
    event = {};
    return header;
}

Event FrameReader::next() {
    for (;;) {
        Event event;
        const auto header = read_header(event);
        if (!header || buffer_.size() - used_ < header->header_size + header->size) {
            if (event.kind == Event::Kind::need_more) drop_used();
            return event;
        }
        char* payload = buffer_.data() + used_ + header->header_size;
        unmask(payload, header->size, payload - mask_size);
        used_ += header->header_size + header->size;
        event = finish(*header, {payload, header->size});
        if (event.kind != Event::Kind::need_more) return event;
    }
}

/// need_more means: a fragment was taken, go on.
Event FrameReader::finish(const Header& header, std::string_view payload) {
    switch (header.opcode) {
        case Opcode::ping: return {Event::Kind::ping, payload, {}};
        case Opcode::pong: return {Event::Kind::pong, payload, {}};
        case Opcode::close:
            if (!is_close_payload(payload)) return error(CloseCode::protocol_error);
            return {Event::Kind::close, payload, {}};
        default: break;
    }
    if (header.final && !fragmented_) return message(header.opcode, payload);
    if (!fragmented_) {
        fragmented_ = header.opcode;
        fragments_.clear();
    }
    fragments_.append(payload);
    if (!header.final) return {};
    const Opcode opcode = *fragmented_;
    fragmented_.reset();
    Event event = message(opcode, fragments_);
    return event;
}

Event FrameReader::message(Opcode opcode, std::string_view payload) {
    if (opcode == Opcode::binary) return {Event::Kind::binary, payload, {}};
    if (!is_utf8(payload)) return error(CloseCode::bad_text);
    return {Event::Kind::text, payload, {}};
}

}  // namespace weir::socketio::websocket
