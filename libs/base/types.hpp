// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace weir {

/// When a reading was taken, by its source's clock: UTC, microseconds since 1970.
using EventTime = std::chrono::sys_time<std::chrono::microseconds>;

/// The position of a record in a Kafka partition. Not a bare integer, so that it cannot be swapped
/// with a partition or a count.
enum class Offset : std::int64_t {};

/// The number of a partition within its topic.
enum class Partition : std::int32_t {};

constexpr std::int64_t number(Offset offset) { return static_cast<std::int64_t>(offset); }
constexpr std::int32_t number(Partition partition) { return static_cast<std::int32_t>(partition); }

/// The offset right after `offset`: what is committed once `offset` is done with.
constexpr Offset next(Offset offset) { return Offset{number(offset) + 1}; }

/// A size in bytes, so that a limit cannot be swapped with a count.
struct Bytes {
    std::uint64_t count = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes the 0 in a default <=> for one.
    auto operator<=>(const Bytes&) const = default;
};

}  // namespace weir
