// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/types.hpp"

namespace weir::serial_reader {

/// The number of a reading, counted by the reader from 1 without holes. Survives restarts.
using Sequence = std::uint64_t;

struct Reading {
    Sequence sequence = 0;
    EventTime time;
    double value = 0;
    bool operator==(const Reading&) const = default;
};

/// A reading on disk, little-endian: magic "WSR1", CRC-32C of the 24 bytes that follow, sequence
/// (u64), microseconds since 1970 (i64), value (IEEE 754 double).
constexpr std::size_t stored_bytes = 32;
using StoredBytes = std::array<std::byte, stored_bytes>;

StoredBytes encode(const Reading& reading);

/// Nothing when the bytes are not a whole, intact reading.
std::optional<Reading> decode(std::span<const std::byte, stored_bytes> bytes);

/// CRC-32C (Castagnoli; RFC 3720 appendix B.4).
std::uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace weir::serial_reader
