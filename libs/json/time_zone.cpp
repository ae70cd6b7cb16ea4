// SPDX-License-Identifier: Apache-2.0
#include "json/time_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace weir::json {
namespace {

using namespace std::chrono;

/// Reads big-endian numbers off the front of a file's bytes; a read beyond the end gives zero and
/// is remembered.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) : rest_(bytes) {}

    template <typename T>
    T take() {
        if (rest_.size() < sizeof(T)) {
            short_ = true;
            return 0;
        }
        std::make_unsigned_t<T> value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i)
            value = static_cast<std::make_unsigned_t<T>>(static_cast<std::uint64_t>(value) << 8U |
                                                         static_cast<unsigned char>(rest_[i]));
        rest_.remove_prefix(sizeof(T));
        return static_cast<T>(value);
    }

    std::string_view take_text(std::size_t size) {
        if (rest_.size() < size) {
            short_ = true;
            return {};
        }
        const std::string_view text = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return text;
    }

    [[nodiscard]] std::string_view rest() const { return rest_; }
    [[nodiscard]] bool is_short() const { return short_; }

private:
    std::string_view rest_;
    bool short_ = false;
};

/// RFC 8536 section 3.1.
struct Header {
    char version = 0;
    std::uint32_t ut_count = 0, standard_count = 0, leap_count = 0, time_count = 0, type_count = 0,
                  character_count = 0;

    [[nodiscard]] std::size_t body(std::size_t time_size) const {
        return time_count * (time_size + 1) + type_count * std::size_t{6} + character_count +
               leap_count * (time_size + 4) + standard_count + ut_count;
    }
};

std::optional<Header> take_header(Bytes& bytes) {
    if (bytes.take_text(4) != "TZif") return std::nullopt;
    Header header;
    header.version = bytes.take<char>();
    bytes.take_text(15);
    header.ut_count = bytes.take<std::uint32_t>();
    header.standard_count = bytes.take<std::uint32_t>();
    header.leap_count = bytes.take<std::uint32_t>();
    header.time_count = bytes.take<std::uint32_t>();
    header.type_count = bytes.take<std::uint32_t>();
    header.character_count = bytes.take<std::uint32_t>();
    return header;
}

std::optional<std::string> read_file(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

/// A name, and not a way out of the zone folder.
bool is_zone_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '/' || c == '_' || c == '-' || c == '+';
    };
    return !name.empty() && name.front() != '/' && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace

/// Reads the rule at the end of a TZif file, a POSIX TZ text: `CET-1CEST,M3.5.0,M10.5.0/3`.
class RuleReader {
public:
    explicit RuleReader(std::string_view text) : rest_(text) {}

    std::optional<TimeZone::Rule> read() {
        TimeZone::Rule rule;
        std::int64_t west = 0;
        if (!skip_name() || !time(west)) return std::nullopt;
        rule.standard_offset = static_cast<std::int32_t>(-west);
        if (rest_.empty()) return rule;
        rule.has_summer = true;
        rule.summer_offset = rule.standard_offset + 3600;
        if (!skip_name()) return std::nullopt;
        if (!rest_.starts_with(',')) {
            if (!time(west)) return std::nullopt;
            rule.summer_offset = static_cast<std::int32_t>(-west);
        }
        if (!change(rule.to_summer) || !change(rule.to_standard) || !rest_.empty())
            return std::nullopt;
        return rule;
    }

private:
    bool skip(char wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    bool skip_name() {
        if (skip('<')) {
            const std::size_t end = rest_.find('>');
            if (end == std::string_view::npos) return false;
            rest_.remove_prefix(end + 1);
            return true;
        }
        const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
        std::size_t size = 0;
        while (size < rest_.size() && letter(rest_[size]))
            ++size;
        rest_.remove_prefix(size);
        return size >= 3;
    }

    bool integer(int& value) {
        std::size_t size = 0;
        value = 0;
        for (; size < rest_.size() && size < 4 && rest_[size] >= '0' && rest_[size] <= '9'; ++size)
            value = value * 10 + (rest_[size] - '0');
        rest_.remove_prefix(size);
        return size > 0;
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    bool time(std::int64_t& value) {
        const bool negative = skip('-');
        if (!negative) skip('+');
        int hour = 0;
        int minute = 0;
        int second = 0;
        if (!integer(hour)) return false;
        if (skip(':') && (!integer(minute) || (skip(':') && !integer(second)))) return false;
        value = hour * 3600 + minute * 60 + second;
        if (negative) value = -value;
        return true;
    }

    bool change(TimeZone::Change& change) {
        using Kind = TimeZone::Change::Kind;
        if (!skip(',')) return false;
        bool good = false;
        if (skip('M')) {
            change.kind = Kind::month_week_day;
            good = integer(change.month) && skip('.') && integer(change.week) && skip('.') &&
                   integer(change.day) && change.month >= 1 && change.month <= 12 &&
                   change.week >= 1 && change.week <= 5 && change.day <= 6;
        } else {
            change.kind = skip('J') ? Kind::day_of_year : Kind::day_of_leap_year;
            good = integer(change.day) && change.day <= 365;
        }
        return good && (!skip('/') || time(change.seconds_of_day));
    }

    std::string_view rest_;
};

namespace {

/// The day a change falls on, without its time of day.
template <typename Change>
sys_days day_of(const Change& change, year in) {
    using Kind = typename Change::Kind;
    const sys_days new_year{in / January / 1};
    if (change.kind == Kind::day_of_leap_year) return new_year + days{change.day};
    if (change.kind == Kind::day_of_year) {
        const bool after_february = in.is_leap() && change.day >= 60;
        return new_year + days{change.day - 1 + (after_february ? 1 : 0)};
    }
    const month in_month{static_cast<unsigned>(change.month)};
    const weekday on{static_cast<unsigned>(change.day)};
    if (change.week == 5) return sys_days{in / in_month / on[last]};
    return sys_days{in / in_month / on[static_cast<unsigned>(change.week)]};
}

}  // namespace

Result<TimeZone> TimeZone::load(const std::string& name) {
    if (name == "UTC") return TimeZone{};
    if (!is_zone_name(name))
        return Error{
            fmt::format("expected a time zone such as Europe/Belgrade or UTC, got \"{}\"", name)};
    const char* const folder = std::getenv("TZDIR");  // NOLINT(concurrency-mt-unsafe): see header
    const std::filesystem::path path(folder != nullptr ? folder : "/usr/share/zoneinfo");
    const auto bytes = read_file(path / name);
    if (!bytes)
        return Error{fmt::format("the time zone \"{}\" is not among the zone files in {}", name,
                                 path.string())};
    return from_tzif(name, *bytes);
}

Result<TimeZone> TimeZone::host() {
    const char* const variable = std::getenv("TZ");  // NOLINT(concurrency-mt-unsafe): see header
    if (variable == nullptr) {
        const auto bytes = read_file("/etc/localtime");
        return bytes ? from_tzif("localtime", *bytes) : Result<TimeZone>(TimeZone{});
    }
    std::string_view name(variable);
    if (name.starts_with(':')) name.remove_prefix(1);
    if (name.empty()) return TimeZone{};
    if (name.front() != '/') return load(std::string(name));
    const auto bytes = read_file(name);
    if (!bytes) return Error{fmt::format("$TZ: the zone file {} cannot be read", name)};
    return from_tzif(std::string(name), *bytes);
}

Result<TimeZone> TimeZone::from_tzif(std::string name, std::string_view content) {
    const Error broken{fmt::format("the zone file of \"{}\" is broken", name)};
    Bytes bytes(content);
    auto header = take_header(bytes);
    if (!header) return broken;
    const bool wide = header->version >= '2';
    if (wide) {
        bytes.take_text(header->body(4));
        header = take_header(bytes);
        if (!header) return broken;
    }
    if (header->body(8) > content.size() * 2 || header->type_count == 0) return broken;

    TimeZone zone;
    zone.name_ = std::move(name);
    for (std::uint32_t i = 0; i < header->time_count; ++i)
        zone.spans_.push_back({wide ? bytes.take<std::int64_t>() : bytes.take<std::int32_t>(), 0});
    const std::string_view types = bytes.take_text(header->time_count);
    std::vector<std::int32_t> offsets;
    for (std::uint32_t i = 0; i < header->type_count; ++i) {
        offsets.push_back(bytes.take<std::int32_t>());
        bytes.take_text(2);
    }
    if (bytes.is_short()) return broken;
    zone.first_offset_ = offsets.front();
    for (std::size_t i = 0; i < zone.spans_.size(); ++i) {
        const auto type = static_cast<unsigned char>(types[i]);
        if (type >= offsets.size()) return broken;
        zone.spans_[i].offset = offsets[type];
    }
    bytes.take_text(header->character_count + header->leap_count * (wide ? 12U : 8U) +
                    header->standard_count + header->ut_count);
    if (bytes.is_short()) return broken;
    const std::string_view footer = wide ? bytes.rest() : std::string_view{};
    if (footer.size() > 2) {
        zone.rule_ = RuleReader(footer.substr(1, footer.find('\n', 1) - 1)).read();
        if (!zone.rule_) return broken;
    }
    return zone;
}

std::int32_t TimeZone::offset_by_rule(std::int64_t seconds_since_1970) const {
    const Rule& rule = *rule_;
    if (!rule.has_summer) return rule.standard_offset;
    const sys_seconds time{seconds{seconds_since_1970}};
    const auto local_day = floor<days>(time + seconds{rule.standard_offset});
    const year in = year_month_day{local_day}.year();
    const auto to_summer = day_of(rule.to_summer, in) + seconds{rule.to_summer.seconds_of_day} -
                           seconds{rule.standard_offset};
    const auto to_standard = day_of(rule.to_standard, in) +
                             seconds{rule.to_standard.seconds_of_day} - seconds{rule.summer_offset};
    const bool summer = to_summer < to_standard ? time >= to_summer && time < to_standard
                                                : time >= to_summer || time < to_standard;
    return summer ? rule.summer_offset : rule.standard_offset;
}

seconds TimeZone::offset_at(EventTime time) const {
    const std::int64_t at = floor<seconds>(time).time_since_epoch().count();
    const auto later =
        std::upper_bound(spans_.begin(), spans_.end(), at,
                         [](std::int64_t t, const Span& span) { return t < span.since; });
    if (later == spans_.end() && rule_) return seconds{offset_by_rule(at)};
    return seconds{later == spans_.begin() ? first_offset_ : std::prev(later)->offset};
}

EventTime TimeZone::to_utc(local_time<microseconds> local) const {
    const EventTime as_utc{local.time_since_epoch()};
    if (spans_.empty() && !(rule_ && rule_->has_summer)) return as_utc - offset_at(as_utc);
    const seconds before = offset_at(as_utc - days{1});
    const seconds after = offset_at(as_utc + days{1});
    const EventTime first = as_utc - before;
    if (before == after || offset_at(first) == before) return first;
    const EventTime second = as_utc - after;
    return offset_at(second) == after ? second : first;
}

}  // namespace weir::json
