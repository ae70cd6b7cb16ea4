// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace weir::chaos {

/// Readings of 1,000 devices with all that goes wrong on the way: a second of disorder, one in a
/// hundred with the key and the time of the one before it, one in a thousand far too late, one in a
/// thousand that is no reading, some without a value. A seed and a rate (readings in a second of
/// event time) give the same readings on every machine: the engine is std::mt19937_64, whose
/// numbers are fixed, and no distribution of the library is used, whose numbers are not.
class Readings {
public:
    Readings(std::uint64_t seed, std::uint64_t rate) : dice_(seed), rate_(rate) {}

    /// Goes on to the next reading.
    void next();
    [[nodiscard]] const std::string& key() const { return key_; }
    [[nodiscard]] const std::string& value() const { return value_; }

private:
    std::uint64_t below(std::uint64_t bound) { return dice_() % bound; }
    bool one_in(std::uint64_t count) { return below(count) == 0; }
    void write_reading();
    void write_broken();

    std::mt19937_64 dice_;
    std::uint64_t rate_;
    std::uint64_t number_ = 0;
    std::int64_t time_us_ = 0;  ///< since 1970
    std::string key_;
    std::string value_;
};

}  // namespace weir::chaos
