// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::socketio {

/// WebSocket frames on a server's side (RFC 6455 section 5), without extensions. Pure.
namespace websocket {

enum class Opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10
};

/// Status codes of a close frame (RFC 6455 section 7.4.1).
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    bad_text = 1007,
    too_large = 1009,
};

/// Header of an unmasked final frame, as a server sends it: 2, 4 or 10 bytes.
void append_frame_header(std::string& out, Opcode opcode, std::size_t payload_size);

/// A whole close frame; without a code its payload is empty.
std::string close_frame(std::optional<CloseCode> code);

/// What FrameReader found.
struct Event {
    enum class Kind { need_more, text, binary, ping, pong, close, error };
    Kind kind = Kind::need_more;
    std::string_view payload = {};  ///< valid until the reader is touched again
    CloseCode code = {};            ///< of an error: what to close with
};

/// Cuts what a client sends into messages.
///
/// Problem: bytes arrive in any pieces; a client may lie about sizes, forget to mask, fragment a
/// message and send pings between the fragments. The reader joins fragments, unmasks, checks, and
/// never holds more than one message and one read.
///
/// Usage:  append() what was read, then next() until it says need_more or error; after an error
///         only the end of the connection follows.
/// Limits: a message (fragments joined) above `message_bytes_max` is an error as soon as a header
///         announces it.
class FrameReader {
public:
    explicit FrameReader(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

    void append(std::string_view bytes);
    Event next();

private:
    struct Header {
        bool final;
        Opcode opcode;
        std::size_t size;         ///< of the payload
        std::size_t header_size;  ///< with the mask
    };

    /// The header at the front; need_more or error in `event` when there is none.
    std::optional<Header> read_header(Event& event) const;
    Event finish(const Header& header, std::string_view payload);
    Event message(Opcode opcode, std::string_view payload);
    static Event error(CloseCode code) { return {Event::Kind::error, {}, code}; }
    void drop_used();

    std::size_t message_bytes_max_;
    std::string buffer_;
    std::size_t used_ = 0;  ///< bytes of buffer_ that are done with
    std::string fragments_;
    std::optional<Opcode> fragmented_;
};

}  // namespace websocket
}  // namespace weir::socketio
