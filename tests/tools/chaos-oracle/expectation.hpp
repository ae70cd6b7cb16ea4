// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reading.hpp"

namespace weir::chaos {

/// A value and its time: of several with one time the first is that with the least offset.
template <typename Value>
struct Placed {
    Value value{};
    Micros time = 0;
};

/// The result of one window and device.
struct Row {
    std::string key;
    Micros start = 0;
    Micros end = 0;
    std::int64_t first_offset = 0;
    std::int64_t last_offset = 0;
    std::optional<Micros> watermark;  ///< that closed it; empty when the clock did
    // Columns, added up in the order of offsets.
    std::int64_t records = 0;
    std::int64_t values = 0;
    double sum = 0;
    double low = std::numeric_limits<double>::infinity();
    double high = -std::numeric_limits<double>::infinity();
    std::optional<std::int64_t> units;
    std::optional<Placed<std::int64_t>> first_units;
    std::optional<Placed<double>> last_data;
};

/// A record that must be in the late or the dead-letter topic as it was.
struct Original {
    std::int64_t offset = 0;
    std::string key;
    std::string value;
    // Of late records.
    Micros window_end = 0;
    Micros watermark = 0;
};

/// What one partition of the input leads to, by docs/decisions/0002 and no other source: tumbling
/// windows, a watermark that each record moves, everything in the order of offsets. Holds its rows
/// and originals, and of the readings only open windows.
class Expectation {
public:
    /// In microseconds.
    struct Windows {
        Micros size = 0;
        Micros grace = 0;
    };
    explicit Expectation(Windows windows) : windows_(windows) {}

    void take(std::int64_t offset, std::int64_t produced_ms, std::string_view key,
              std::string_view value);
    /// The end of the input, which the clock closes.
    void finish();

    [[nodiscard]] std::int64_t records() const { return records_; }
    [[nodiscard]] Windows windows() const { return windows_; }
    /// In the order they must be written.
    [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
    [[nodiscard]] const std::vector<Original>& late() const { return late_; }
    [[nodiscard]] const std::vector<Original>& dead() const { return dead_; }

private:
    using Open = std::unordered_map<std::string, Row>;
    static void fold(Row& row, const Reading& reading, std::int64_t offset);
    void close(Open& window, std::optional<Micros> watermark);

    Windows windows_;
    Micros watermark_ = std::numeric_limits<Micros>::min();
    std::map<Micros, Open> open_;  ///< by end
    std::int64_t records_ = 0;
    std::vector<Row> rows_;
    std::vector<Original> late_;
    std::vector<Original> dead_;
};

}  // namespace weir::chaos
