// SPDX-License-Identifier: Apache-2.0
#include "times.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace weir::chaos {
namespace {

constexpr std::string_view form = "dddd-dd-dd dd:dd:dd.dddddd";

bool has_form(std::string_view text) {
    if (text.size() != form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != form[i]) return false;
    }
    return true;
}

int digits(std::string_view text, std::size_t from, std::size_t count) {
    int value = 0;
    std::from_chars(text.data() + from, text.data() + from + count, value);
    return value;
}

}  // namespace

std::optional<Micros> parse_time(std::string_view text) {
    using namespace std::chrono;
    if (!has_form(text)) return std::nullopt;
    const year_month_day date{year{digits(text, 0, 4)},
                              month{static_cast<unsigned>(digits(text, 5, 2))},
                              day{static_cast<unsigned>(digits(text, 8, 2))}};
    if (!date.ok()) return std::nullopt;
    const sys_time<microseconds> time =
        sys_days{date} + hours{digits(text, 11, 2)} + minutes{digits(text, 14, 2)} +
        seconds{digits(text, 17, 2)} + microseconds{digits(text, 20, 6)};
    return time.time_since_epoch().count();
}

std::string time_text(Micros time) {
    using namespace std::chrono;
    const sys_time<microseconds> moment{microseconds{time}};
    const auto midnight = floor<days>(moment);
    const year_month_day date{midnight};
    const hh_mm_ss clock{floor<milliseconds>(moment) - midnight};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

}  // namespace weir::chaos
