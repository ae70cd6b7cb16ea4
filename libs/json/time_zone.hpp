// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/types.hpp"

namespace weir::json {

/// The offsets from UTC of one place, now and at other times.
///
/// Problem: libc knows one zone per process, kept in the environment and guarded by nothing; the
/// standard library's zones come with a later compiler. So the compiled zone file (TZif, RFC 8536)
/// is read once at the start, and every look-up is a pure function of that table.
///
/// Threads: immutable; any thread may use it. load() and host() read the environment, which nothing
///          of ours ever changes.
class TimeZone {
public:
    /// UTC.
    TimeZone() = default;

    /// The IANA zone `name` (`Europe/Belgrade`, `UTC`) from the system's zone files: $TZDIR, or
    /// /usr/share/zoneinfo. Errors: a name that is not a zone's, no zone files, a broken file.
    static Result<TimeZone> load(const std::string& name);

    /// The host's zone: $TZ when it is set (a zone's name, with or without a leading colon),
    /// otherwise /etc/localtime, otherwise UTC. Errors: a $TZ that is not a zone's name.
    static Result<TimeZone> host();

    /// Reads the bytes of a TZif file. Errors: not TZif, or cut short.
    static Result<TimeZone> from_tzif(std::string name, std::string_view bytes);

    [[nodiscard]] const std::string& name() const { return name_; }

    /// How far local time is ahead of UTC at `time`.
    [[nodiscard]] std::chrono::seconds offset_at(EventTime time) const;

    /// The UTC time of a local time. A local time that occurs twice (clocks put back) is its first
    /// occurrence; one that does not occur (clocks put forward) is read with the offset that held
    /// before the gap, and so falls after it.
    [[nodiscard]] EventTime to_utc(std::chrono::local_time<std::chrono::microseconds> local) const;

private:
    /// From `since` (seconds since 1970) on, local time is `offset` ahead of UTC.
    struct Span {
        std::int64_t since;
        std::int32_t offset;
    };

    /// When a rule of the kind "last Sunday of October at 3" starts (RFC 8536 section 3.3).
    struct Change {
        enum class Kind : std::uint8_t { month_week_day, day_of_year, day_of_leap_year };
        Kind kind = Kind::month_week_day;
        int month = 0;
        int week = 0;
        int day = 0;
        std::int64_t seconds_of_day = 7200;
    };

    /// What holds after the last span for ever.
    struct Rule {
        std::int32_t standard_offset = 0;
        std::int32_t summer_offset = 0;
        bool has_summer = false;
        Change to_summer;
        Change to_standard;
    };

    friend class RuleReader;

    [[nodiscard]] std::int32_t offset_by_rule(std::int64_t seconds) const;

    std::string name_ = "UTC";
    std::vector<Span> spans_;
    std::int32_t first_offset_ = 0;
    std::optional<Rule> rule_;
};

}  // namespace weir::json
