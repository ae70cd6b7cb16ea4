// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

/// Readings of many devices over a span of event time, in the order of their arrival: up to two
/// seconds too early or too late, one of a thousand half a minute late. The same for the same
/// numbers, on every machine.
class Workload {
public:
    Workload(std::uint64_t readings, std::uint64_t devices, std::uint64_t seconds);

    [[nodiscard]] std::uint64_t readings() const { return readings_; }

    /// Makes the reading with that number.
    void make(std::uint64_t number);
    /// A reading two hours after the last one, which closes every window of its partition.
    void make_last();

    [[nodiscard]] std::string_view key() const { return key_; }
    [[nodiscard]] std::string_view value() const { return value_; }

private:
    void write(std::int64_t time_us, std::uint64_t hundredths);

    std::uint64_t readings_;
    std::uint64_t seconds_;
    std::vector<std::string> names_;
    std::int64_t second_ = -1;  ///< that `second_text_` says
    std::string second_text_;
    std::string_view key_;
    std::string value_;
};

}  // namespace weir::bench
