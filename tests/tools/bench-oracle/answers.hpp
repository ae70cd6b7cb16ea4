// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "rows.hpp"
#include "topics.hpp"

namespace weir::bench {

/// What is to come out of one window of one device.
struct Answer {
    std::int64_t count = 0;
    double sum = 0;            ///< in the order of offsets
    std::vector<double> late;  ///< what came after the window had closed

    [[nodiscard]] double mean() const { return sum / static_cast<double>(count); }
};

struct Windows {
    Micros size = 0;
    Micros grace = 0;
};

/// The right results of a topic, by docs/decisions/0002 and no other source: tumbling windows, and
/// in each partition a watermark that each record moves.
class Answers {
public:
    static Result<Answers> of_topic(const std::string& servers, const std::string& topic,
                                    Windows windows);
    static Result<Answers> load(const std::string& path);
    [[nodiscard]] Result<void> save(const std::string& path) const;

    /// Null where nothing is to come.
    [[nodiscard]] const Answer* find(std::string_view device, Micros start) const;

    [[nodiscard]] Micros window_size() const { return window_size_; }
    [[nodiscard]] std::int64_t readings() const { return readings_; }
    [[nodiscard]] std::int64_t late() const { return late_; }
    /// Windows with readings that came in time.
    [[nodiscard]] std::int64_t results() const { return results_; }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    using ByDevice = std::unordered_map<std::string, Answer, Hash, std::equal_to<>>;

    void take(std::string_view value, Windows windows, Micros& watermark);

    Micros window_size_ = 0;
    std::int64_t readings_ = 0;
    std::int64_t late_ = 0;
    std::int64_t results_ = 0;
    std::map<Micros, ByDevice> by_start_;
};

}  // namespace weir::bench
