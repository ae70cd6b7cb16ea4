// SPDX-License-Identifier: Apache-2.0
// Goal: every way a device writes a time gives the same instant, and what is no time says why.
// Method: tables of good and bad texts; random instants written and read back.
#include "json/timestamp.hpp"

#include <fmt/format.h>

#include "catch.hpp"
#include "seed.hpp"

using namespace weir;
using namespace weir::json;
using namespace std::chrono_literals;

namespace {

constexpr EventTime noon = std::chrono::sys_days{std::chrono::year{2024} / 10 / 7} + 12h;
constexpr EventTime reading = noon + 1h + 2min + 45s;  // 2024-10-07T13:02:45Z, 1728306165

std::string error_of(std::string_view text, const TimestampFormat& format = {}) {
    const auto time = parse_timestamp(text, format);
    return time.ok() ? "no error" : time.error().message;
}

}  // namespace

TEST_CASE("one instant in all its writings", "[json]") {
    const std::pair<const char*, EventTime> table[] = {
        {"2024-10-07T13:02:45Z", reading},
        {"2024-10-07t13:02:45z", reading},
        {"2024-10-07 13:02:45", reading},
        {"2024-10-07 13:02:45.123456", reading + 123456us},
        {"2024-10-07T13:02:45.1Z", reading + 100ms},
        {"2024-10-07T13:02:45,5Z", reading + 500ms},
        {"2024-10-07T13:02:45.123456999Z", reading + 123456us},
        {"2024-10-07T13:02:45.000000000000001Z", reading},
        {"2024-10-07T15:02:45+02:00", reading},
        {"2024-10-07T15:02:45+0200", reading},
        {"2024-10-07T15:02:45+02", reading},
        {"2024-10-07T15:02:45 +02:00", reading},
        {"2024-10-07T07:32:45.25-05:30", reading + 250ms},
        {"2024-10-07T13:02:45-00:00", reading},
        {"2024-10-08T07:02:45+18:00", reading},
        {"2024-10-07T13:02", reading - 45s},
        {"2024-10-07T13:02Z", reading - 45s},
        {"2024-10-07", noon - 12h},
        {"1728306165", reading},
        {"1728306165.5", reading + 500ms},
        {"1728306165.1234569", reading + 123456us},
        {"1.728306165e9", reading},
        {"1728306165123", reading + 123ms},
        {"1728306165123456", reading + 123456us},
        {"1728306165123456789", reading + 123456us},
        {"0", EventTime{}},
        {"0.0000019", EventTime{1us}},
        {"1970-01-01T00:00:00Z", EventTime{}},
        {"1970-01-01T02:00:00+02:00", EventTime{}},
        {"2024-02-29T00:00:00Z", std::chrono::sys_days{std::chrono::year{2024} / 2 / 29}},
        {"9999-12-31T23:59:59.999999Z",
         std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - 1us},
    };
    for (const auto& [text, expected] : table) {
        CAPTURE(text);
        const auto time = parse_timestamp(text);
        REQUIRE(time.ok());
        CHECK(*time == expected);
    }
}

TEST_CASE("the unit of a number follows from its size unless it is named", "[json]") {
    const std::pair<const char*, EpochUnit> guessed[] = {
        {"99999999999", EpochUnit::seconds},
        {"100000000000", EpochUnit::milliseconds},
        {"99999999999999", EpochUnit::milliseconds},
        {"100000000000000", EpochUnit::microseconds},
        {"99999999999999999", EpochUnit::microseconds},
        {"100000000000000000", EpochUnit::nanoseconds},
        {"20000000000000000000", EpochUnit::nanoseconds},
    };
    for (const auto& [text, unit] : guessed) {
        CAPTURE(text);
        CHECK(*parse_timestamp(text) == *parse_timestamp(text, {.unit = unit}));
    }
    CHECK(*parse_timestamp("1000", {.unit = EpochUnit::milliseconds}) == EventTime{1s});
    CHECK(*parse_timestamp("1000", {.unit = EpochUnit::microseconds}) == EventTime{1ms});
    CHECK(*parse_timestamp("1999", {.unit = EpochUnit::nanoseconds}) == EventTime{1us});
    CHECK(*parse_timestamp("2024-10-07T13:02:45Z", {.unit = EpochUnit::nanoseconds}) == reading);
}

TEST_CASE("what is no time says why", "[json]") {
    constexpr const char* no_time =
        "expected a time such as 2024-10-07T13:02:45.123Z or seconds since 1970, got \"";
    for (const char* text : {"",
                             "now",
                             "07.10.2024",
                             "2024-10-07T",
                             "2024-10-07T13",
                             "2024-10-07T13:02:4",
                             "2024-10-07T13:02:45.",
                             "2024-10-07T13:02:45.Z",
                             "2024-10-07T13:02:45X",
                             "2024-10-07T13:02:45+2",
                             "2024-10-07T13:02:45+02:",
                             "2024-10-07T13:02:45+19:00",
                             "2024-10-07T13:02:45+02:60",
                             "2024-10-07T13:02:45Z ",
                             " 2024-10-07",
                             "2024-10-7",
                             "2024-10-07  13:02:45",
                             "20241007T130245Z",
                             "2024-10-07T13:02:45 ",
                             "0x10",
                             "1e",
                             "12-10-2024",
                             "2024/10/07",
                             "+1728306165",
                             "nan",
                             "1728306165s",
                             "2024-10-07T-3:02:45"}) {
        CAPTURE(text);
        CHECK(error_of(text) == no_time + std::string(text) + "\"");
    }
    const std::pair<const char*, const char*> table[] = {
        {"2024-02-30T00:00:00Z", "the date of \"2024-02-30T00:00:00Z\" does not exist"},
        {"2023-02-29", "the date of \"2023-02-29\" does not exist"},
        {"2024-13-01", "the date of \"2024-13-01\" does not exist"},
        {"2024-00-01", "the date of \"2024-00-01\" does not exist"},
        {"2024-10-07T24:00:00Z", "the time of day of \"2024-10-07T24:00:00Z\" does not exist"},
        {"2024-10-07T13:60:00Z", "the time of day of \"2024-10-07T13:60:00Z\" does not exist"},
        {"2024-10-07T13:00:61Z", "the time of day of \"2024-10-07T13:00:61Z\" does not exist"},
        {"2016-12-31T23:59:60Z",
         "the time \"2016-12-31T23:59:60Z\" is a leap second, which epoch time does not have"},
        {"1969-12-31T23:59:59.999999Z", "the time \"1969-12-31T23:59:59.999999Z\" is before 1970"},
        {"1970-01-01T00:00:00+01:00", "the time \"1970-01-01T00:00:00+01:00\" is before 1970"},
        {"0000-01-01", "the time \"0000-01-01\" is before 1970"},
        {"-1", "the time \"-1\" is before 1970"},
        {"-0.5", "the time \"-0.5\" is before 1970"},
        {"9999-12-31T23:59:59-01:00",
         "the time \"9999-12-31T23:59:59-01:00\" is after the year 9999"},
        {"1e300", "the time \"1e300\" is after the year 9999"},
    };
    for (const auto& [text, sentence] : table)
        CHECK(error_of(text) == sentence);
    CHECK(error_of("253402300800", {.unit = EpochUnit::seconds}) ==
          "the time \"253402300800\" is after the year 9999");
    CHECK(parse_timestamp("253402300799", {.unit = EpochUnit::seconds}).ok());
}

TEST_CASE("times are written as their readers know them", "[json]") {
    CHECK(iso_milliseconds(reading) == "2024-10-07T13:02:45.000Z");
    CHECK(iso_milliseconds(reading + 123999us) == "2024-10-07T13:02:45.123Z");
    CHECK(iso(reading + 123000us) == "2024-10-07T13:02:45.123Z");
    CHECK(iso(reading + 123045us) == "2024-10-07T13:02:45.123045Z");
    CHECK(iso_milliseconds(EventTime{}) == "1970-01-01T00:00:00.000Z");
    CHECK(plain(reading + 123456us) == "2024-10-07 13:02:45.123456");
    CHECK(plain(reading + 120ms) == "2024-10-07 13:02:45.120000");
    CHECK(plain(reading) == "2024-10-07 13:02:45");
    CHECK(time_of_day(reading + 999ms, TimeZone{}) == "13:02:45");
}

TEST_CASE("a random instant survives being written and read", "[json]") {
    auto random = test::random_engine();
    const auto last = (std::chrono::sys_days{std::chrono::year{10000} / 1 / 1} - EventTime{}) / 1us;
    for (int i = 0; i < 100'000; ++i) {
        const auto micros = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(last));
        const EventTime time{std::chrono::microseconds{micros}};
        CAPTURE(micros);
        REQUIRE(*parse_timestamp(plain(time)) == time);
        REQUIRE(*parse_timestamp(iso(time)) == time);
        REQUIRE(*parse_timestamp(iso_milliseconds(time)) ==
                std::chrono::floor<std::chrono::milliseconds>(time));
        REQUIRE(*parse_timestamp(fmt::format("{}", micros), {.unit = EpochUnit::microseconds}) ==
                time);
        REQUIRE(*parse_timestamp(fmt::format("{}.{:06}", micros / 1'000'000, micros % 1'000'000),
                                 {.unit = EpochUnit::seconds}) == time);
        const int offset = static_cast<int>(random() % 2161) - 1080;
        const EventTime shifted = time + std::chrono::minutes{offset};
        if (shifted < EventTime{} || shifted >= EventTime{std::chrono::microseconds{last}})
            continue;
        const std::string zone = fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+',
                                             std::abs(offset) / 60, std::abs(offset) % 60);
        REQUIRE(*parse_timestamp(plain(shifted) + zone) == time);
    }
}
