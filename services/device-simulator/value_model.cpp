// SPDX-License-Identifier: Apache-2.0
#include "value_model.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace weir::device_simulator {
namespace {

constexpr std::uint64_t purpose_value = 1;
constexpr std::uint64_t purpose_phase = 2;

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every bit of the input moves every bit of
/// the output.
std::uint64_t mixed(std::uint64_t bits) {
    bits += 0x9E3779B97F4A7C15U;
    bits = (bits ^ (bits >> 30U)) * 0xBF58476D1CE4E5B9U;
    bits = (bits ^ (bits >> 27U)) * 0x94D049BB133111EBU;
    return bits ^ (bits >> 31U);
}

double rounded(double value, int decimals) {
    const double scale = std::pow(10.0, decimals);
    return std::round(value * scale) / scale;
}

}  // namespace

std::uint64_t random_bits(std::uint64_t seed, std::uint64_t device, std::uint64_t sequence,
                          std::uint64_t purpose) {
    return mixed(mixed(mixed(mixed(seed) ^ device) ^ sequence) ^ purpose);
}

double random_unit(std::uint64_t seed, std::uint64_t device, std::uint64_t sequence,
                   std::uint64_t purpose) {
    constexpr double bits_53 = 0x1p-53;
    return static_cast<double>(random_bits(seed, device, sequence, purpose) >> 11U) * bits_53;
}

double ValueModel::next(std::uint64_t seed, std::uint64_t device, std::uint64_t sequence,
                        std::chrono::microseconds time, double before) const {
    const double random = random_unit(seed, device, sequence, purpose_value);
    const double middle = low + (high - low) / 2;
    switch (form) {
        case ValueForm::uniform: return rounded(low + random * (high - low), decimals);
        case ValueForm::sine: {
            const double turns = std::chrono::duration<double>(time) / period +
                                 random_unit(seed, device, 0, purpose_phase);
            const double wave = std::sin(2 * std::numbers::pi * turns);
            return rounded(middle + wave * (high - low) / 2, decimals);
        }
        case ValueForm::walk: {
            const double from = std::isnan(before) ? middle : before;
            return rounded(std::clamp(from + (2 * random - 1) * step, low, high), decimals);
        }
    }
    return middle;
}

}  // namespace weir::device_simulator
