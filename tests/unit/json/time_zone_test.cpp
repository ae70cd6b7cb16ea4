// SPDX-License-Identifier: Apache-2.0
// Goal: local times are right in winter, in summer, in the hours in between, and in years that the
// zone files do not list. Method: known instants; libc as a second opinion on random ones; broken
// files.
#include "json/time_zone.hpp"

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "catch.hpp"
#include "json/timestamp.hpp"
#include "seed.hpp"

using namespace weir;
using namespace weir::json;
using namespace std::chrono;

namespace {

EventTime utc(std::string_view text) { return *parse_timestamp(text); }

TimeZone zone(const char* name) {
    auto loaded = TimeZone::load(name);
    REQUIRE(loaded.ok());
    return *loaded;
}

std::string file_of(const char* name) {
    std::ifstream file(std::string("/usr/share/zoneinfo/") + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// NOLINTBEGIN(concurrency-mt-unsafe): this program has one thread.
/// Sets an environment variable for one test.
class Environment {
public:
    Environment(const char* name, const char* value) : name_(name) {
        if (const char* const old = std::getenv(name)) old_ = old;
        value != nullptr ? setenv(name, value, 1) : unsetenv(name);
        tzset();
    }
    ~Environment() {
        old_ ? setenv(name_, old_->c_str(), 1) : unsetenv(name_);
        tzset();
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

private:
    const char* name_;
    std::optional<std::string> old_;
};
// NOLINTEND(concurrency-mt-unsafe)

}  // namespace

TEST_CASE("the time of day is that of the place", "[json]") {
    const TimeZone belgrade = zone("Europe/Belgrade");
    CHECK(time_of_day(utc("2024-10-07T13:29:15Z"), belgrade) == "15:29:15");
    CHECK(time_of_day(utc("2024-12-07T13:29:15Z"), belgrade) == "14:29:15");
    CHECK(time_of_day(utc("2024-10-27T00:59:59Z"), belgrade) == "02:59:59");
    CHECK(time_of_day(utc("2024-10-27T01:00:00Z"), belgrade) == "02:00:00");
    CHECK(time_of_day(utc("2024-10-07T23:29:15Z"), zone("Asia/Kolkata")) == "04:59:15");
    CHECK(time_of_day(utc("2024-10-07T00:00:00Z"), zone("UTC")) == "00:00:00");
}

TEST_CASE("a local time is read in its zone, also where the clocks change", "[json]") {
    const TimeZone belgrade = zone("Europe/Belgrade");
    const TimestampFormat format{.zone = &belgrade};
    const std::pair<const char*, const char*> table[] = {
        {"2024-10-07 15:29:15", "2024-10-07T13:29:15Z"},
        {"2024-12-07 15:29:15", "2024-12-07T14:29:15Z"},
        {"2024-10-27 02:30:00", "2024-10-27T00:30:00Z"},  // twice: the first
        {"2024-10-27 03:00:00", "2024-10-27T02:00:00Z"},
        {"2024-03-31 01:59:59", "2024-03-31T00:59:59Z"},
        {"2024-03-31 02:30:00", "2024-03-31T01:30:00Z"},  // never: as before the gap
        {"2024-03-31 03:00:00", "2024-03-31T01:00:00Z"},
        {"2080-07-01 12:00:00", "2080-07-01T10:00:00Z"},  // by the rule at the file's end
        {"2080-01-01 12:00:00", "2080-01-01T11:00:00Z"},
    };
    for (const auto& [local, expected] : table) {
        CAPTURE(local);
        CHECK(*parse_timestamp(local, format) == utc(expected));
        CHECK(*parse_timestamp(std::string(local) + "Z", format) == utc(local));
    }
}

TEST_CASE("offsets agree with libc's in every kind of zone", "[json]") {
    auto random = test::random_engine();
    for (const char* name :
         {"Europe/Belgrade", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe",
          "Europe/Dublin", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Chatham", "Asia/Gaza",
          "America/Santiago", "UTC", "Etc/GMT+12", "Pacific/Apia"}) {
        CAPTURE(name);
        const TimeZone loaded = zone(name);
        const Environment environment("TZ", name);
        for (int i = 0; i < 4000; ++i) {
            const auto at =
                static_cast<std::time_t>(random() % 4'102'444'800U);  // to the year 2100
            CAPTURE(at);
            std::tm local{};
            REQUIRE(localtime_r(&at, &local) != nullptr);
            const EventTime time{seconds{at}};
            REQUIRE(loaded.offset_at(time) == seconds{local.tm_gmtoff});
            // A local time that occurs twice is its first occurrence; every other comes back.
            const auto back =
                loaded.to_utc(local_time<microseconds>{seconds{at + local.tm_gmtoff}});
            REQUIRE(back <= time);
            REQUIRE(time - back <= hours{24});
            REQUIRE(back + loaded.offset_at(back) == time + loaded.offset_at(time));
        }
    }
}

TEST_CASE("names that are no zones are refused", "[json]") {
    for (const char* name : {"", "Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "Europe",
                             "CET-1CEST,M3.5.0", "zone.tab", "Europe/Bel\ngrade"}) {
        CAPTURE(name);
        CHECK_FALSE(TimeZone::load(name).ok());
    }
    CHECK(TimeZone::load("").error().message ==
          "expected a time zone such as Europe/Belgrade or UTC, got \"\"");
}

TEST_CASE("the host's zone follows TZ", "[json]") {
    const EventTime time = utc("2024-10-07T13:29:15Z");
    for (const char* name :
         {"Europe/Belgrade", ":Europe/Belgrade", "/usr/share/zoneinfo/Europe/Belgrade"}) {
        const Environment environment("TZ", name);
        CHECK(time_of_day(time, *TimeZone::host()) == "15:29:15");
    }
    {
        const Environment environment("TZ", "");
        CHECK(time_of_day(time, *TimeZone::host()) == "13:29:15");
    }
    {
        const Environment environment("TZ", "Middle/Earth");
        CHECK_FALSE(TimeZone::host().ok());
    }
    const Environment environment("TZ", nullptr);
    CHECK(TimeZone::host().ok());
}

TEST_CASE("a broken zone file is refused, wherever it is broken", "[json]") {
    auto random = test::random_engine();
    const std::string good = file_of("Europe/Belgrade");
    REQUIRE(TimeZone::from_tzif("good", good).ok());
    for (std::size_t size = 0; size + 60 < good.size(); size += 1 + size / 50)
        CHECK_FALSE(TimeZone::from_tzif("cut", std::string_view(good).substr(0, size)).ok());
    for (int i = 0; i < 5'000; ++i) {
        std::string damaged = good;
        for (int edits = 0; edits < 3; ++edits)
            damaged[random() % damaged.size()] = static_cast<char>(random() % 256);
        const auto loaded = TimeZone::from_tzif("damaged", damaged);
        if (loaded.ok()) (void)loaded->offset_at(utc("2050-01-01"));
    }
}
