// SPDX-License-Identifier: Apache-2.0
#include "json/timestamp.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <iterator>
#include <optional>

#include "json/number.hpp"

namespace weir::json {
namespace {

using namespace std::chrono;

constexpr EventTime time_end = sys_days{year{10000} / January / 1};

/// Walks over a text; every step says whether it found what it wanted.
class Cursor {
public:
    explicit Cursor(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool empty() const { return rest_.empty(); }
    [[nodiscard]] char front() const { return rest_.empty() ? '\0' : rest_.front(); }

    bool skip(char wanted) {
        if (front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool skip_any(std::string_view wanted) {
        if (rest_.empty() || wanted.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }

    /// Exactly `count` digits.
    bool digits(std::size_t count, int& value) {
        if (rest_.size() < count) return false;
        value = 0;
        for (const char digit : rest_.substr(0, count)) {
            if (digit < '0' || digit > '9') return false;
            value = value * 10 + (digit - '0');
        }
        rest_.remove_prefix(count);
        return true;
    }

    /// One digit or more after the point, as microseconds; finer ones are cut off.
    bool fraction(int& micros) {
        std::size_t count = 0;
        micros = 0;
        for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count)
            if (count < 6) micros = micros * 10 + (rest_[count] - '0');
        for (std::size_t i = count; i < 6; ++i)
            micros *= 10;
        rest_.remove_prefix(count);
        return count > 0;
    }

private:
    std::string_view rest_;
};

/// An ISO 8601 time taken apart.
struct Parts {
    int year = 0, month = 0, day = 0;
    int hour = 0, minute = 0, second = 0, micros = 0;
    std::optional<int> offset_minutes;
};

bool read_zone(Cursor& cursor, Parts& parts) {
    if (cursor.skip_any("Zz")) {
        parts.offset_minutes = 0;
        return true;
    }
    const bool west = cursor.front() == '-';
    if (!cursor.skip_any("+-")) return false;
    int hours = 0;
    int minutes = 0;
    if (!cursor.digits(2, hours)) return false;
    if (!cursor.empty()) {
        cursor.skip(':');
        if (!cursor.digits(2, minutes)) return false;
    }
    const int offset = hours * 60 + minutes;
    if (minutes > 59 || offset > 18 * 60) return false;
    parts.offset_minutes = west ? -offset : offset;
    return true;
}

/// The form that nearly every time has, `2024-10-07 13:02:45.123456` with `T` or a space and with
/// or without fraction and `Z`: where its digits are is known, so they are read at once. False for
/// whatever has another form.
bool read_usual(std::string_view text, Parts& parts) {
    constexpr std::string_view form = "0000-00-00T00:00:00";
    if (text.size() < form.size()) return false;
    bool fits = text[4] == '-' && text[7] == '-' && (text[10] == 'T' || text[10] == ' ') &&
                text[13] == ':' && text[16] == ':';
    const auto two = [&](std::size_t at) {
        const auto tens = static_cast<unsigned>(text[at] - '0');
        const auto ones = static_cast<unsigned>(text[at + 1] - '0');
        fits = fits && tens <= 9 && ones <= 9;
        return static_cast<int>(tens * 10 + ones);
    };
    parts.year = two(0) * 100 + two(2);
    parts.month = two(5);
    parts.day = two(8);
    parts.hour = two(11);
    parts.minute = two(14);
    parts.second = two(17);
    Cursor rest(text.substr(form.size()));
    if (rest.skip('.') && !rest.fraction(parts.micros)) return false;
    if (rest.skip('Z')) parts.offset_minutes = 0;
    return fits && rest.empty();
}

/// Digits and separators only; whether the date exists is checked later.
bool read_iso(std::string_view text, Parts& parts) {
    Cursor cursor(text);
    if (!cursor.digits(4, parts.year) || !cursor.skip('-') || !cursor.digits(2, parts.month) ||
        !cursor.skip('-') || !cursor.digits(2, parts.day))
        return false;
    if (cursor.empty()) return true;
    if (!cursor.skip_any("Tt ") || !cursor.digits(2, parts.hour) || !cursor.skip(':') ||
        !cursor.digits(2, parts.minute))
        return false;
    if (cursor.skip(':')) {
        if (!cursor.digits(2, parts.second)) return false;
        if (cursor.skip_any(".,") && !cursor.fraction(parts.micros)) return false;
    }
    if (cursor.empty()) return true;
    cursor.skip(' ');
    return read_zone(cursor, parts) && cursor.empty();
}

/// The text as a message shows it.
std::string_view shown(std::string_view text) { return text.substr(0, 40); }

Error no_time(std::string_view text) {
    return Error{fmt::format(
        "expected a time such as 2024-10-07T13:02:45.123Z or seconds since 1970, got \"{}\"",
        shown(text))};
}

Result<EventTime> within_range(EventTime time, std::string_view text) {
    if (time < EventTime{})
        return Error{fmt::format("the time \"{}\" is before 1970", shown(text))};
    if (time >= time_end)
        return Error{fmt::format("the time \"{}\" is after the year 9999", shown(text))};
    return time;
}

Result<EventTime> assemble(const Parts& parts, std::string_view text,
                           const TimestampFormat& format) {
    const year_month_day date{year{parts.year}, month{static_cast<unsigned>(parts.month)},
                              day{static_cast<unsigned>(parts.day)}};
    if (!date.ok()) return Error{fmt::format("the date of \"{}\" does not exist", shown(text))};
    if (parts.second == 60)
        return Error{fmt::format("the time \"{}\" is a leap second, which epoch time does not have",
                                 shown(text))};
    if (parts.hour > 23 || parts.minute > 59 || parts.second > 59)
        return Error{fmt::format("the time of day of \"{}\" does not exist", shown(text))};
    const auto of_day = hours{parts.hour} + minutes{parts.minute} + seconds{parts.second} +
                        microseconds{parts.micros};
    if (parts.offset_minutes)
        return within_range(EventTime{sys_days{date}} + of_day - minutes{*parts.offset_minutes},
                            text);
    if (format.zone == nullptr) return within_range(EventTime{sys_days{date}} + of_day, text);
    return within_range(format.zone->to_utc(local_days{date} + of_day), text);
}

EpochUnit unit_by_magnitude(std::int64_t value) {
    if (value < 100'000'000'000) return EpochUnit::seconds;
    if (value < 100'000'000'000'000) return EpochUnit::milliseconds;
    if (value < 100'000'000'000'000'000) return EpochUnit::microseconds;
    return EpochUnit::nanoseconds;
}

/// The power of ten from the unit to the microsecond.
int shift_to_micros(EpochUnit unit) {
    switch (unit) {
        case EpochUnit::milliseconds: return 3;
        case EpochUnit::microseconds: return 0;
        case EpochUnit::nanoseconds: return -3;
        case EpochUnit::seconds:
        case EpochUnit::by_magnitude: break;
    }
    return 6;
}

Result<EventTime> parse_epoch(std::string_view text, EpochUnit unit) {
    if (text.front() == '-') return within_range(EventTime{microseconds{-1}}, text);
    if (unit == EpochUnit::by_magnitude) {
        const auto whole = scale_decimal(text, 0);
        unit = whole.ok() ? unit_by_magnitude(whole->value) : EpochUnit::nanoseconds;
    }
    const auto micros = scale_decimal(text, shift_to_micros(unit));
    if (!micros.ok()) return within_range(time_end, text);
    return within_range(EventTime{microseconds{micros->value}}, text);
}

/// Writes `digits` decimal digits of `value`.
char* put(char* out, unsigned value, int digits) {
    for (int i = digits - 1; i >= 0; --i) {
        out[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    return out + digits;
}

/// `2024-10-07<separator>13:02:45`. Years beyond 9999 only come from the end of a window there.
char* put_seconds(char* out, sys_seconds time, char separator) {
    const auto midnight = floor<days>(time);
    const year_month_day date{midnight};
    const hh_mm_ss clock{time - midnight};
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    out = put(out, year, year > 9999 ? 5 : 4);
    *out++ = '-';
    out = put(out, static_cast<unsigned>(date.month()), 2);
    *out++ = '-';
    out = put(out, static_cast<unsigned>(date.day()), 2);
    *out++ = separator;
    out = put(out, static_cast<unsigned>(clock.hours().count()), 2);
    *out++ = ':';
    out = put(out, static_cast<unsigned>(clock.minutes().count()), 2);
    *out++ = ':';
    return put(out, static_cast<unsigned>(clock.seconds().count()), 2);
}

}  // namespace

Result<EventTime> parse_timestamp(std::string_view text, const TimestampFormat& format) {
    if (Parts parts; read_usual(text, parts)) return assemble(parts, text, format);
    if (Parts parts; read_iso(text, parts)) return assemble(parts, text, format);
    if (is_number(text)) return parse_epoch(text, format.unit);
    return no_time(text);
}

void append_iso_milliseconds(std::string& out, EventTime time) {
    const auto second = floor<seconds>(time);
    std::array<char, 32> buffer;
    char* end = put_seconds(buffer.data(), second, 'T');
    *end++ = '.';
    end = put(end, static_cast<unsigned>(floor<milliseconds>(time - second).count()), 3);
    *end++ = 'Z';
    out.append(buffer.data(), end);
}

void append_iso(std::string& out, EventTime time) {
    append_iso_milliseconds(out, time);
    const auto finer = static_cast<unsigned>((time - floor<milliseconds>(time)).count());
    if (finer == 0) return;
    out.back() = static_cast<char>('0' + finer / 100);
    out += static_cast<char>('0' + finer / 10 % 10);
    out += static_cast<char>('0' + finer % 10);
    out += 'Z';
}

void append_plain(std::string& out, EventTime time) {
    const auto second = floor<seconds>(time);
    const auto micros = static_cast<unsigned>((time - second).count());
    std::array<char, 32> buffer;
    char* end = put_seconds(buffer.data(), second, ' ');
    if (micros != 0) {
        *end++ = '.';
        end = put(end, micros, 6);
    }
    out.append(buffer.data(), end);
}

std::string iso_milliseconds(EventTime time) {
    std::string out;
    append_iso_milliseconds(out, time);
    return out;
}

std::string iso(EventTime time) {
    std::string out;
    append_iso(out, time);
    return out;
}

std::string plain(EventTime time) {
    std::string out;
    append_plain(out, time);
    return out;
}

std::string time_of_day(EventTime time, const TimeZone& zone) {
    const auto local = floor<seconds>(time + zone.offset_at(time));
    const hh_mm_ss clock{local - floor<days>(local)};
    return fmt::format("{:02}:{:02}:{:02}", clock.hours().count(), clock.minutes().count(),
                       clock.seconds().count());
}

}  // namespace weir::json
