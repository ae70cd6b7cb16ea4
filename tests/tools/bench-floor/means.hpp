// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "scan.hpp"

namespace bench_floor {

/// The sums of one window in one flat table: open addressing, names in one string.
class Sums {
public:
    struct Sum {
        std::uint64_t hash = 0;  ///< 0: empty
        std::uint32_t name = 0;
        std::uint32_t name_size = 0;
        std::uint64_t count = 0;
        double sum = 0;
    };

    Sums() : slots_(64) {}

    void add(std::string_view device, double value);

    template <typename Do>
    void each(Do&& what) const {
        for (const Sum& one : slots_)
            if (one.hash != 0) what(name_of(one), one.sum / static_cast<double>(one.count));
    }

private:
    [[nodiscard]] std::string_view name_of(const Sum& one) const {
        return {names_.data() + one.name, one.name_size};
    }
    void grow();

    std::vector<Sum> slots_;
    std::string names_;
    std::size_t used_ = 0;
};

/// The windowed mean of one partition with nothing around it: no commit, no recovery, no option.
class Means {
public:
    /// A result: `device` and `row` live during the call.
    using Write = std::function<void(std::string_view device, std::string_view row)>;

    Means(std::int64_t window_us, std::int64_t grace_us, Write write)
        : window_us_(window_us), grace_us_(grace_us), write_(std::move(write)) {}

    void take(const Reading& reading);

private:
    void close(std::int64_t start_us, const Sums& sums);

    std::int64_t window_us_;
    std::int64_t grace_us_;
    Write write_;
    std::int64_t watermark_ = std::numeric_limits<std::int64_t>::min();
    std::map<std::int64_t, Sums> open_;  ///< by start
    // The window of the last reading, mostly that of the next.
    Sums* last_ = nullptr;
    std::int64_t last_start_ = 0;
};

}  // namespace bench_floor
