// SPDX-License-Identifier: Apache-2.0
#include "workload.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace weir::bench {
namespace {

constexpr std::int64_t second_us = 1'000'000;
// 2024-10-07 13:00:00, the beginning of a window.
constexpr std::int64_t begin_us = 1'728'306'000 * second_us;
constexpr std::uint64_t disorder_us = 2 * second_us;
constexpr std::int64_t late_us = 30 * second_us;
// Before this no window has closed, and nothing can be late.
constexpr std::int64_t late_from_us = begin_us + 60 * second_us;
constexpr std::int64_t rest_us = 7'200 * second_us;
constexpr std::string_view last_name = "__last";

/// The finalizer of MurmurHash3: numbers in, numbers without a pattern out.
std::uint64_t mixed(std::uint64_t x) {
    x ^= x >> 33;
    x *= 0xFF51AFD7ED558CCD;
    x ^= x >> 33;
    x *= 0xC4CEB9FE1A85EC53;
    return x ^ (x >> 33);
}

std::string text_of_second(std::int64_t second) {
    using namespace std::chrono;
    const sys_seconds time{seconds{second}};
    const auto midnight = floor<days>(time);
    const year_month_day date{midnight};
    const hh_mm_ss clock{time - midnight};
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

Workload::Workload(std::uint64_t readings, std::uint64_t devices, std::uint64_t seconds)
    : readings_(readings), seconds_(seconds) {
    names_.reserve(devices);
    for (std::uint64_t device = 0; device < devices; ++device)
        names_.push_back(fmt::format("device{}", device));
}

void Workload::make(std::uint64_t number) {
    const std::uint64_t dice = mixed(number + 0x9E3779B97F4A7C15);
    const std::uint64_t more = mixed(dice);
    const double part = static_cast<double>(number) / static_cast<double>(readings_);
    std::int64_t time_us =
        begin_us + static_cast<std::int64_t>(part * static_cast<double>(seconds_) * second_us);
    time_us += static_cast<std::int64_t>((dice >> 32) % (2 * disorder_us));
    if (more % 1000 == 0 && time_us > late_from_us) time_us -= late_us;
    key_ = names_[dice % names_.size()];
    write(time_us, (more >> 20) % 100'000);
}

void Workload::make_last() {
    key_ = last_name;
    write(begin_us + static_cast<std::int64_t>(seconds_) * second_us + rest_us, 0);
}

void Workload::write(std::int64_t time_us, std::uint64_t hundredths) {
    if (second_ != time_us / second_us) {
        second_ = time_us / second_us;
        second_text_ = text_of_second(second_);
    }
    value_.clear();
    fmt::format_to(std::back_inserter(value_),
                   R"({{"timestamp":"{}.{:06}","device_name":"{}","data":{}.{:02}}})", second_text_,
                   time_us % second_us, key_, hundredths / 100, hundredths % 100);
}

}  // namespace weir::bench
