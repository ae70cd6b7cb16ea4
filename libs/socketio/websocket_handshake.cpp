// SPDX-License-Identifier: Apache-2.0
#include "socketio/websocket_handshake.hpp"

#include <array>
#include <bit>
#include <cstdint>

#include "socketio/base64.hpp"

namespace weir::socketio::websocket {
namespace {

using Digest = std::array<std::uint32_t, 5>;

std::uint32_t word_at(std::string_view block, std::size_t i) {
    std::uint32_t word = 0;
    for (const char byte : block.substr(i * 4, 4))
        word = (word << 8) | static_cast<std::uint8_t>(byte);
    return word;
}

/// One block of 64 bytes (RFC 3174 section 6.1).
void sha1_block(Digest& digest, std::string_view block) {
    std::array<std::uint32_t, 80> words;
    for (std::size_t i = 0; i < 16; ++i)
        words[i] = word_at(block, i);
    for (std::size_t i = 16; i < 80; ++i)
        words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    auto [a, b, c, d, e] = digest;
    for (std::size_t i = 0; i < 80; ++i) {
        std::uint32_t mix = b ^ c ^ d;
        std::uint32_t constant = i < 40 ? 0x6ED9EBA1 : 0xCA62C1D6;
        if (i < 20) {
            mix = (b & c) | (~b & d);
            constant = 0x5A827999;
        } else if (i >= 40 && i < 60) {
            mix = (b & c) | (b & d) | (c & d);
            constant = 0x8F1BBCDC;
        }
        const std::uint32_t next = std::rotl(a, 5) + mix + e + constant + words[i];
        e = d;
        d = c;
        c = std::rotl(b, 30);
        b = a;
        a = next;
    }
    digest[0] += a;
    digest[1] += b;
    digest[2] += c;
    digest[3] += d;
    digest[4] += e;
}

std::string sha1(std::string_view text) {
    std::string padded(text);
    padded += static_cast<char>(0x80);
    padded.append((120 - padded.size() % 64) % 64, '\0');
    for (int shift = 56; shift >= 0; shift -= 8)
        padded += static_cast<char>((std::uint64_t{text.size()} * 8 >> shift) & 0xFF);
    Digest digest{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    for (std::size_t i = 0; i < padded.size(); i += 64)
        sha1_block(digest, std::string_view(padded).substr(i, 64));
    std::string bytes;
    for (const std::uint32_t word : digest)
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes += static_cast<char>((word >> shift) & 0xFF);
    return bytes;
}

}  // namespace

bool is_handshake(const http::Request& request) {
    const auto key = base64_decode(request.header("sec-websocket-key"));
    return request.method == "GET" && request.asks_upgrade("websocket") &&
           request.header("sec-websocket-version") == "13" && key && key->size() == 16;
}

std::string accept_key(std::string_view key) {
    std::string proof;
    append_base64(proof, sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    return proof;
}

std::string handshake_answer(const http::Request& request) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           accept_key(request.header("sec-websocket-key")) + "\r\n\r\n";
}

}  // namespace weir::socketio::websocket
