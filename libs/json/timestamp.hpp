// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/types.hpp"
#include "json/time_zone.hpp"

namespace weir::json {

/// The unit of a time given as a number since 1970-01-01T00:00:00Z.
enum class EpochUnit : std::uint8_t {
    /// Guessed from the magnitude: below 1e11 seconds (to the year 5138), below 1e14 milliseconds
    /// (from 1973-03-03), below 1e17 microseconds, above nanoseconds. Times before March 1973 in a
    /// unit finer than the second therefore need the unit to be named.
    by_magnitude,
    seconds,
    milliseconds,
    microseconds,
    nanoseconds,
};

/// How times that do not say everything themselves are read.
struct TimestampFormat {
    EpochUnit unit = EpochUnit::by_magnitude;
    /// For texts without a zone; null means UTC. Borrowed.
    const TimeZone* zone = nullptr;
};

/// Reads a time: an ISO 8601 text or a number since 1970 (as a JSON number or as its digits).
///
/// ISO: `2024-10-07T13:02:45.123456+02:00`; `T`, `t` or one space between date and time; seconds,
/// fraction (`.` or `,`, any number of digits, cut off below the microsecond) and zone (`Z`,
/// `+02:00`, `+0200`, `+02`, up to 18 hours) may be left out; so may the whole time, which then is
/// midnight. Numbers: fraction and exponent allowed (`1728306165.5`), cut off below the
/// microsecond.
///
/// Errors: one sentence each for what is no time, a date that does not exist, a leap second (`:60`:
/// epoch time has no place for it), a time before 1970, a year beyond 9999.
/// Threads: any; no libc, no locale, no environment.
Result<EventTime> parse_timestamp(std::string_view text, const TimestampFormat& format = {});

/// Appends `2024-10-07T13:02:45.000Z`: UTC, three decimals, finer digits cut off.
void append_iso_milliseconds(std::string& out, EventTime time);

/// The same with six decimals where three would cut something off: times that are equal as text
/// are equal.
void append_iso(std::string& out, EventTime time);

/// Appends `2024-10-07 13:02:45.123456`: UTC without saying so, six decimals, and none at all when
/// the microseconds are zero, as Python's str(datetime) writes it.
void append_plain(std::string& out, EventTime time);

std::string iso_milliseconds(EventTime time);
std::string iso(EventTime time);
std::string plain(EventTime time);

/// The time of day in `zone`, cut to the second: `15:29:15`.
std::string time_of_day(EventTime time, const TimeZone& zone);

}  // namespace weir::json
