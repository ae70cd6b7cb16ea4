// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::mqtt {

/// Reads the primitive types of MQTT (MQTT 5 section 1.5) off the front of a text, within bounds:
/// every function answers nothing when too few bytes are left, and then the text is spoilt.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    bool empty() const { return rest_.empty(); }
    std::string_view rest() const { return rest_; }

    std::optional<std::uint8_t> byte() {
        if (rest_.empty()) return std::nullopt;
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    std::optional<std::uint16_t> two_bytes() {
        const auto value = big_endian(2);
        if (!value) return std::nullopt;
        return static_cast<std::uint16_t>(*value);
    }
    std::optional<std::uint32_t> four_bytes() { return big_endian(4); }

    /// A variable byte integer: at most four bytes of seven bits, the lowest first.
    std::optional<std::uint32_t> variable() {
        std::uint32_t value = 0;
        for (unsigned shift = 0; shift < 28; shift += 7) {
            const auto next = byte();
            if (!next) return std::nullopt;
            value |= static_cast<std::uint32_t>(*next & 0x7FU) << shift;
            if ((*next & 0x80U) == 0) return value;
        }
        return std::nullopt;
    }
    /// Text or binary data behind its length of two bytes.
    std::optional<std::string_view> text() {
        const auto size = two_bytes();
        return size ? bytes(*size) : std::nullopt;
    }
    std::optional<std::string_view> bytes(std::size_t count) {
        if (rest_.size() < count) return std::nullopt;
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }

private:
    std::optional<std::uint32_t> big_endian(std::size_t count) {
        const auto taken = bytes(count);
        if (!taken) return std::nullopt;
        std::uint32_t value = 0;
        for (const char c : *taken)
            value = value << 8U | static_cast<std::uint8_t>(c);
        return value;
    }

    std::string_view rest_;
};

/// Appends the same types to a string.
class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}

    void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
    void two_bytes(std::uint16_t value) {
        byte(static_cast<std::uint8_t>(value >> 8U));
        byte(static_cast<std::uint8_t>(value & 0xFFU));
    }
    void four_bytes(std::uint32_t value) {
        two_bytes(static_cast<std::uint16_t>(value >> 16U));
        two_bytes(static_cast<std::uint16_t>(value & 0xFFFFU));
    }
    void variable(std::size_t value) {
        for (; value >= 0x80; value >>= 7U)
            byte(static_cast<std::uint8_t>(value | 0x80U));
        byte(static_cast<std::uint8_t>(value));
    }
    /// `text` must have at most 65,535 bytes.
    void text(std::string_view text) {
        two_bytes(static_cast<std::uint16_t>(text.size()));
        out_.append(text);
    }
    void bytes(std::string_view bytes) { out_.append(bytes); }

private:
    std::string& out_;
};

}  // namespace weir::mqtt
