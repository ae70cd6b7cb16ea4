// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace weir::device_simulator {

/// A random number that is a function of its arguments: the same on every machine, and a device's
/// readings do not depend on how many other devices there are.
std::uint64_t random_bits(std::uint64_t seed, std::uint64_t device, std::uint64_t sequence,
                          std::uint64_t purpose);

/// The same as a number in [0, 1).
double random_unit(std::uint64_t seed, std::uint64_t device, std::uint64_t sequence,
                   std::uint64_t purpose);

enum class ValueForm {
    uniform,  ///< each value anywhere in the range, as the first version of this system sent them
    sine,     ///< one wave per period, each device at its own phase
    walk,     ///< each value a random step from the one before it
};

constexpr auto choices_of(ValueForm) {
    using namespace std::string_view_literals;
    return std::array{std::pair{"uniform"sv, ValueForm::uniform},
                      std::pair{"sine"sv, ValueForm::sine}, std::pair{"walk"sv, ValueForm::walk}};
}

struct ValueModel {
    ValueForm form = ValueForm::uniform;
    double low = 0;
    double high = 999;
    int decimals = 2;
    std::chrono::microseconds period = std::chrono::seconds(60);  ///< of the sine
    double step = 10;                                             ///< the walk's largest

    /// The value of one reading, rounded to `decimals`. `before` is the device's value before it,
    /// of use to the walk; NaN for its first.
    double next(std::uint64_t seed, std::uint64_t device, std::uint64_t sequence,
                std::chrono::microseconds time, double before) const;
};

}  // namespace weir::device_simulator
