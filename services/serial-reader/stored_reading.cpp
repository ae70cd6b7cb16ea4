// SPDX-License-Identifier: Apache-2.0
#include "stored_reading.hpp"

#include <bit>

namespace weir::serial_reader {
namespace {

constexpr std::uint32_t magic = 0x31525357;  // "WSR1"
constexpr std::size_t crc_at = 4;
constexpr std::size_t body_at = 8;

constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
        table[i] = crc;
    }
    return table;
}();

template <typename Unsigned>
void put(StoredBytes& bytes, std::size_t at, Unsigned value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
        bytes[at + i] = static_cast<std::byte>((value >> (8 * i)) & 0xFF);
}

template <typename Unsigned>
Unsigned get(std::span<const std::byte, stored_bytes> bytes, std::size_t at) {
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i)
        value |= static_cast<Unsigned>(static_cast<Unsigned>(bytes[at + i]) << (8 * i));
    return value;
}

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes) {
    std::uint32_t crc = 0xFFFFFFFF;
    for (const std::byte byte : bytes)
        crc = (crc >> 8) ^ crc_table[(crc ^ static_cast<std::uint32_t>(byte)) & 0xFF];
    return ~crc;
}

StoredBytes encode(const Reading& reading) {
    StoredBytes bytes{};
    put(bytes, 0, magic);
    put(bytes, body_at, reading.sequence);
    put(bytes, body_at + 8, static_cast<std::uint64_t>(reading.time.time_since_epoch().count()));
    put(bytes, body_at + 16, std::bit_cast<std::uint64_t>(reading.value));
    put(bytes, crc_at, crc32c(std::span(bytes).subspan(body_at)));
    return bytes;
}

std::optional<Reading> decode(std::span<const std::byte, stored_bytes> bytes) {
    if (get<std::uint32_t>(bytes, 0) != magic ||
        get<std::uint32_t>(bytes, crc_at) != crc32c(bytes.subspan(body_at)))
        return std::nullopt;
    const auto micros = static_cast<std::int64_t>(get<std::uint64_t>(bytes, body_at + 8));
    return Reading{get<std::uint64_t>(bytes, body_at), EventTime(std::chrono::microseconds(micros)),
                   std::bit_cast<double>(get<std::uint64_t>(bytes, body_at + 16))};
}

}  // namespace weir::serial_reader
