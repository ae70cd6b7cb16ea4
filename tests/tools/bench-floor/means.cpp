// SPDX-License-Identifier: Apache-2.0
#include "means.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <iterator>

namespace bench_floor {
namespace {

/// Eight bytes at a time, multiplied and folded. Never 0.
std::uint64_t hash_of(std::string_view text) {
    constexpr std::uint64_t odd = 0x9FB21C651E98DF25;
    std::uint64_t hash = text.size();
    std::uint64_t part = 0;
    for (; text.size() >= sizeof part; text.remove_prefix(sizeof part)) {
        std::memcpy(&part, text.data(), sizeof part);
        hash = (hash ^ part) * odd;
        hash ^= hash >> 32;
    }
    part = 0;
    std::memcpy(&part, text.data(), text.size());
    hash = (hash ^ part) * odd;
    return (hash ^ (hash >> 29)) | 1;
}

std::string time_text(std::int64_t time_us) {
    using namespace std::chrono;
    const sys_seconds time{seconds{time_us / 1'000'000}};
    const auto midnight = floor<days>(time);
    const year_month_day date{midnight};
    const hh_mm_ss clock{time - midnight};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

void Sums::add(std::string_view device, double value) {
    const std::uint64_t hash = hash_of(device);
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = (hash >> 20) & mask;
    while (slots_[place].hash != 0) {
        Sum& one = slots_[place];
        if (one.hash == hash && name_of(one) == device) {
            ++one.count;
            one.sum += value;
            return;
        }
        place = (place + 1) & mask;
    }
    slots_[place] = {hash, static_cast<std::uint32_t>(names_.size()),
                     static_cast<std::uint32_t>(device.size()), 1, value};
    names_.append(device);
    if (++used_ * 2 > slots_.size()) grow();
}

void Sums::grow() {
    std::vector<Sum> old(slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Sum& one : old) {
        if (one.hash == 0) continue;
        std::size_t place = (one.hash >> 20) & mask;
        while (slots_[place].hash != 0)
            place = (place + 1) & mask;
        slots_[place] = one;
    }
}

void Means::take(const Reading& reading) {
    if (last_ == nullptr || reading.time_us < last_start_ ||
        reading.time_us >= last_start_ + window_us_) {
        const std::int64_t start = reading.time_us - reading.time_us % window_us_;
        if (start + window_us_ <= watermark_) return;  // late
        last_ = &open_[start];
        last_start_ = start;
    }
    last_->add(reading.device, reading.data);
    watermark_ = std::max(watermark_, reading.time_us - grace_us_);
    while (!open_.empty() && open_.begin()->first + window_us_ <= watermark_) {
        if (last_ == &open_.begin()->second) last_ = nullptr;
        close(open_.begin()->first, open_.begin()->second);
        open_.erase(open_.begin());
    }
}

void Means::close(std::int64_t start_us, const Sums& sums) {
    const std::string window =
        fmt::format(R"(","window":{{"start":"{}","end":"{}"}},"mean":)", time_text(start_us),
                    time_text(start_us + window_us_));
    std::string row;
    sums.each([&](std::string_view device, double mean) {
        row.clear();
        fmt::format_to(std::back_inserter(row), R"({{"device_name":"{}{}{}}})", device, window,
                       mean);
        write_(device, row);
    });
}

}  // namespace bench_floor
