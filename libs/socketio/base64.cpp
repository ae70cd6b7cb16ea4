// SPDX-License-Identifier: Apache-2.0
#include "socketio/base64.hpp"

#include <sys/random.h>

#include <array>
#include <cstdint>

#include "base/assert.hpp"

namespace weir::socketio {
namespace {

constexpr std::string_view standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_safe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t not_a_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(not_a_digit);
    for (std::size_t i = 0; i < standard.size(); ++i)
        values[static_cast<std::uint8_t>(standard[i])] = static_cast<std::uint8_t>(i);
    return values;
}

constexpr std::array<std::uint8_t, 256> values = make_values();

void append_digits(std::string& out, std::string_view bytes, std::string_view alphabet) {
    std::uint32_t bits = 0;
    int count = 0;
    for (const char byte : bytes) {
        bits = (bits << 8) | static_cast<std::uint8_t>(byte);
        for (count += 8; count >= 6; count -= 6)
            out += alphabet[(bits >> (count - 6)) & 0x3F];
    }
    if (count > 0) out += alphabet[(bits << (6 - count)) & 0x3F];
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
    append_digits(out, bytes, standard);
    out.append((3 - bytes.size() % 3) % 3, '=');
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 == 0)
        for (int i = 0; i < 2 && text.ends_with('='); ++i)
            text.remove_suffix(1);
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char digit : text) {
        const std::uint8_t value = values[static_cast<std::uint8_t>(digit)];
        if (value == not_a_digit) return std::nullopt;
        bits = (bits << 6) | value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>((bits >> count) & 0xFF);
        }
    }
    return bytes;
}

std::string id_of(std::string_view bytes) {
    std::string id;
    append_digits(id, bytes, url_safe);
    return id;
}

bool is_id(std::string_view text, std::size_t chars) {
    return text.size() == chars && text.find_first_not_of(url_safe) == std::string_view::npos;
}

std::string random_id(std::size_t bytes) {
    std::string raw(bytes, '\0');
    const ssize_t got = ::getrandom(raw.data(), raw.size(), 0);
    WEIR_ASSERT(got == static_cast<ssize_t>(bytes),
                "the kernel gives up to 256 random bytes at once");
    return id_of(raw);
}

}  // namespace weir::socketio
