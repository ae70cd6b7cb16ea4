// SPDX-License-Identifier: Apache-2.0
#include "readings.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace weir::chaos {
namespace {

constexpr std::uint64_t devices = 1000;
constexpr std::int64_t second_us = 1'000'000;
// 2024-10-07 12:00: long ago, so that the wall clock has passed the end of every window.
constexpr std::int64_t begin_us = 1'728'302'400 * second_us;
constexpr std::uint64_t disorder_us = second_us;
constexpr std::int64_t late_by_least_us = 12 * second_us;
constexpr std::uint64_t late_by_more_us = 30 * second_us;

std::string time_text(std::int64_t time_us) {
    using namespace std::chrono;
    const sys_time<microseconds> time{microseconds{time_us}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

}  // namespace

void Readings::next() {
    const bool repeats = number_ > 0 && one_in(100);
    if (!repeats) {
        key_ = fmt::format("device{}", below(devices));
        const auto on_time = static_cast<std::int64_t>(number_ * second_us / rate_);
        time_us_ = begin_us + second_us + on_time - static_cast<std::int64_t>(below(disorder_us));
        if (one_in(1000))
            time_us_ -= late_by_least_us + static_cast<std::int64_t>(below(late_by_more_us));
    }
    ++number_;
    value_.clear();
    if (one_in(1000))
        write_broken();
    else
        write_reading();
}

void Readings::write_reading() {
    const auto out = std::back_inserter(value_);
    fmt::format_to(out, R"({{"timestamp":"{}","device_name":"{}","data":)", time_text(time_us_),
                   key_);
    if (one_in(200))
        value_ += "null";
    else
        fmt::format_to(out, "{}{}.{:03}", one_in(10) ? "-" : "", below(2000), below(1000));
    if (one_in(200))
        value_ += R"(,"units":null})";
    else
        fmt::format_to(out, R"(,"units":{}}})",
                       static_cast<std::int64_t>(below(2'000'000)) - 1'000);
}

/// One of the ways in which a record is no reading; each is dead by the aggregator's README.
void Readings::write_broken() {
    const std::string time = time_text(time_us_);
    const auto write = [&](std::string_view at, std::string_view name, std::string_view rest) {
        value_ = fmt::format(R"({{"timestamp":"{}","device_name":"{}",{})", at, name, rest);
    };
    switch (below(9)) {
        case 0: value_ = R"({"broken)"; return;
        case 1: write(time, key_, R"("data":"863.85","units":1})"); return;
        case 2: write(time, key_, R"("data":NaN,"units":1})"); return;
        case 3: write(time, key_, R"("data":1.5,"units":7.5})"); return;
        case 4: write(time, key_, R"("data":1.5,"units":1}})"); return;
        case 5: write(time, "device\xff", R"("data":1.5,"units":1})"); return;
        case 6: write("1969-12-31 23:59:59.999999", key_, R"("data":1.5,"units":1})"); return;
        case 7: write("2222-10-07 12:00:00.000000", key_, R"("data":1.5,"units":1})"); return;
        default: value_ = fmt::format(R"({{"device_name":"{}","data":1.5}})", key_); return;
    }
}

}  // namespace weir::chaos
