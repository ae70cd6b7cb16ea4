// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "mqtt/property.hpp"
#include "mqtt/types.hpp"

/// The packets of MQTT 5 and 3.1.1 that a subscriber reads and writes. Pure: bytes in, values out.
///
/// What is decoded is a view into the bytes given. Everything is checked against the standard as
/// far as a subscriber depends on it; a broken packet is an answer, never undefined behaviour.
namespace weir::mqtt {

/// A packet that the standard does not allow: what is wrong, and the MQTT 5 reason code to
/// disconnect with (0x81 malformed packet, 0x82 protocol error, ...).
struct Malformed {
    std::uint8_t reason;
    std::string_view what;
};

enum class PacketType : std::uint8_t {
    connect = 1,
    connack = 2,
    publish = 3,
    puback = 4,
    pubrec = 5,
    pubrel = 6,
    pubcomp = 7,
    subscribe = 8,
    suback = 9,
    unsubscribe = 10,
    unsuback = 11,
    pingreq = 12,
    pingresp = 13,
    disconnect = 14,
};

/// One packet cut out of the stream of bytes.
struct Frame {
    PacketType type;
    std::uint8_t flags;       ///< the low four bits of the first byte
    std::string_view body;    ///< what follows the fixed header
    std::size_t size;         ///< of what was cut off the stream
    std::size_t missing = 0;  ///< bytes of a too large packet that follow in the stream: skip them
};

/// Cuts the next packet off the front of `stream`; nothing when more bytes are needed. Of a PUBLISH
/// beyond `bytes_max` it gives the first `bytes_max` bytes and says how many are missing.
/// Errors: the length or the kind of packet is impossible, or another packet is that large.
Result<std::optional<Frame>, Malformed> take_frame(std::string_view stream, std::size_t bytes_max);

struct Connack {
    bool session_present;
    std::uint8_t code;  ///< a reason code (5) or return code (3.1.1); 0 is success in both
    Properties properties;
};

struct Publish {
    std::string_view topic;  ///< not empty; whatever else the broker let pass
    std::string_view payload;
    std::size_t payload_size;  ///< of the whole payload, also when the frame misses a part
    Properties properties;     ///< none, nor a payload, when the frame ends within them
    std::uint16_t id = 0;      ///< 0 for QoS 0
    Qos qos = Qos::at_most_once;
    bool duplicate = false;
    bool retained = false;
};

struct Pubrel {
    std::uint16_t id;
};

struct Suback {
    std::uint16_t id;
    std::string_view codes;  ///< one byte per filter, in the order of SUBSCRIBE
};

struct Unsuback {
    std::uint16_t id;
    std::string_view codes;  ///< 5 only: one byte per filter, in the order of UNSUBSCRIBE
};

struct Disconnect {
    std::uint8_t reason;
    Properties properties;
};

Result<Connack, Malformed> decode_connack(const Frame& frame, Version version);
Result<Publish, Malformed> decode_publish(const Frame& frame, Version version);
Result<Pubrel, Malformed> decode_pubrel(const Frame& frame, Version version);
Result<Suback, Malformed> decode_suback(const Frame& frame, Version version);
Result<Unsuback, Malformed> decode_unsuback(const Frame& frame, Version version);
/// MQTT 5 only: 3.1.1 has no DISCONNECT from the broker.
Result<Disconnect, Malformed> decode_disconnect(const Frame& frame);
/// PINGRESP has nothing in it.
Result<void, Malformed> check_pingresp(const Frame& frame);

struct Connect {
    std::string_view client_id;
    std::string_view user;  ///< empty: none, and no password
    std::string_view password;
    std::chrono::seconds keep_alive{0};
    bool clean_start = false;
    std::uint32_t session_expiry_s = 0;  ///< 5 only; 0xFFFFFFFF: never
    std::uint16_t receive_max = 65'535;  ///< 5 only
};

struct Subscription {
    std::string filter;
    Qos qos;
    bool optional = false;  ///< the session works without it, too
};

/// Each appends one packet to `out`. Texts must have at most 65,535 bytes.
void encode_connect(std::string& out, const Connect& connect, Version version);
/// Retained messages are asked for with new subscriptions only (5; 3.1.1 always sends them).
void encode_subscribe(std::string& out, std::uint16_t id,
                      const std::vector<Subscription>& subscriptions, Version version);
void encode_unsubscribe(std::string& out, std::uint16_t id, const std::vector<std::string>& filters,
                        Version version);
void encode_puback(std::string& out, std::uint16_t id);
void encode_pubrec(std::string& out, std::uint16_t id);
/// `reason` 0 or, in MQTT 5, 0x92 (packet identifier not found).
void encode_pubcomp(std::string& out, std::uint16_t id, std::uint8_t reason, Version version);
void encode_pingreq(std::string& out);
void encode_disconnect(std::string& out, std::uint8_t reason, Version version);

}  // namespace weir::mqtt
