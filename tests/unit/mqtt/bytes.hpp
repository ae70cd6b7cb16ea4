// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

// Packets of a broker, written byte by byte by the tests, independent of the encoder under test.
namespace weir::mqtt::test {

inline std::string bytes(std::initializer_list<unsigned> values) {
    std::string text;
    for (const unsigned value : values)
        text.push_back(static_cast<char>(value));
    return text;
}

inline std::string two_bytes(unsigned value) { return bytes({value >> 8U & 0xFFU, value & 0xFFU}); }

inline std::string text(std::string_view value) {
    return two_bytes(static_cast<unsigned>(value.size())) + std::string(value);
}

/// First byte, remaining length, body; for bodies below 16,384 bytes.
inline std::string packet(unsigned first, const std::string& body) {
    const auto size = static_cast<unsigned>(body.size());
    if (size < 128) return bytes({first, size}) + body;
    return bytes({first, (size & 0x7FU) | 0x80U, size >> 7U}) + body;
}

struct PublishBytes {
    std::string topic = "t/a";
    std::string payload = "1";
    unsigned qos = 1;
    unsigned id = 1;
    bool duplicate = false;
    bool retained = false;
    std::string properties{};
    bool v5 = true;
};

inline std::string publish(const PublishBytes& p) {
    const unsigned flags = (p.duplicate ? 8U : 0U) | p.qos << 1U | (p.retained ? 1U : 0U);
    std::string body = text(p.topic);
    if (p.qos > 0) body += two_bytes(p.id);
    if (p.v5) body += bytes({static_cast<unsigned>(p.properties.size())}) + p.properties;
    return packet(0x30U | flags, body + p.payload);
}

inline std::string connack5(unsigned session_present = 0, unsigned code = 0,
                            const std::string& properties = "") {
    return packet(0x20, bytes({session_present, code, static_cast<unsigned>(properties.size())}) +
                            properties);
}
inline std::string connack311(unsigned session_present = 0, unsigned code = 0) {
    return packet(0x20, bytes({session_present, code}));
}
inline std::string suback5(const std::string& codes = bytes({1})) {
    return packet(0x90, two_bytes(1) + bytes({0}) + codes);
}
inline std::string suback311(const std::string& codes = bytes({1})) {
    return packet(0x90, two_bytes(1) + codes);
}
inline std::string unsuback5(const std::string& codes = bytes({0})) {
    return packet(0xB0, two_bytes(2) + bytes({0}) + codes);
}
inline std::string unsuback311() { return packet(0xB0, two_bytes(2)); }
inline std::string pubrel(unsigned id) { return packet(0x62, two_bytes(id)); }
inline std::string puback(unsigned id) { return packet(0x40, two_bytes(id)); }
inline std::string pubrec(unsigned id) { return packet(0x50, two_bytes(id)); }
inline std::string pubcomp(unsigned id) { return packet(0x70, two_bytes(id)); }

}  // namespace weir::mqtt::test
