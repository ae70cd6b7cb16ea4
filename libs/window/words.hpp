// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>

/// Inside libs/window only: numbers as the 64-bit words of an accumulator.
namespace weir::window {

__extension__ using Int128 = __int128;
using Words = std::array<std::uint64_t, 2>;

inline double as_double(std::uint64_t word) { return std::bit_cast<double>(word); }
inline std::uint64_t as_word(double value) { return std::bit_cast<std::uint64_t>(value); }
inline std::int64_t as_integer(std::uint64_t word) { return std::bit_cast<std::int64_t>(word); }
inline std::uint64_t as_word(std::int64_t value) { return std::bit_cast<std::uint64_t>(value); }

inline Int128 wide(const std::uint64_t* state) {
    return std::bit_cast<Int128>(Words{state[0], state[1]});
}

}  // namespace weir::window
