// SPDX-License-Identifier: Apache-2.0
// Goal: durations, sizes, UTF-8 and name suggestions, by tables of good and bad input.
#include "base/progress.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "catch.hpp"

using namespace weir;
using namespace std::chrono_literals;

TEST_CASE("durations are read with their unit", "[base]") {
    const std::pair<const char*, std::chrono::microseconds> good[] = {
        {"0", 0us},       {"15s", 15s},      {"250ms", 250ms},  {"1m30s", 90s},
        {"1.5s", 1500ms}, {"2h", 2h},        {"1d", 24h},       {"7us", 7us},
        {"0.1s", 100ms},  {"1.1d", 95'040s}, {"2.3ms", 2300us},
    };
    for (const auto& [text, expected] : good) {
        CAPTURE(text);
        const auto duration = parse_duration(text);
        REQUIRE(duration.ok());
        CHECK(*duration == expected);
        CHECK(*parse_duration(format_duration(expected)) == expected);
    }
}

TEST_CASE("durations without a unit, negative or absurd are refused", "[base]") {
    for (const char* text : {"", "15", "s", "-1s", "1x", "1s ", " 1s", "nan", "1e9d", "inf", "15 s",
                             "999999999999d", "1s2", "0.4us", "1.0000001s"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text).ok());
    }
}

TEST_CASE("sizes are read with and without a unit", "[base]") {
    CHECK(parse_bytes("64MiB")->count == 64ULL << 20);
    CHECK(parse_bytes("1KB")->count == 1000);
    CHECK(parse_bytes("4096")->count == 4096);
    CHECK(format_bytes(Bytes{64ULL << 20}) == "64MiB");
    CHECK(format_bytes(Bytes{1000}) == "1000B");
    CHECK(format_bytes(Bytes{0}) == "0B");
    for (const char* text : {"", "MiB", "-1", "1TiBx", "1 MiB", "99999999999GiB", "1.5B", "0.3"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_bytes(text).ok());
    }
}

TEST_CASE("UTF-8 is checked as RFC 3629 says", "[base]") {
    for (const char* text :
         {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF"})
        CHECK(is_utf8(text));
    for (const char* text : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                             "\xF5\x80\x80\x80", "\xC3", "\xE2\x82", "ab\xFF"})
        CHECK_FALSE(is_utf8(text));
}

TEST_CASE("quoting always gives valid JSON", "[base]") {
    CHECK(json_quoted("a\"b\\c\n\x01") == R"("a\"b\\c\n\u0001")");
    CHECK(json_quoted("\xFFx") == "\"\xEF\xBF\xBDx\"");
}

TEST_CASE("the nearest name is suggested only when it is near", "[base]") {
    constexpr std::string_view names[] = {"window", "grace", "bootstrap-servers"};
    CHECK(nearest("windw", names) == "window");
    CHECK(nearest("bootstrap-server", names) == "bootstrap-servers");
    CHECK(nearest("zzzzzz", names).empty());
}

TEST_CASE("progress says what can be told", "[base]") {
    CHECK(progress_text({.measure = {}, .records = 0}) == "0 records");
    CHECK(progress_text({.measure = {}, .records = 500, .elapsed = 2s}) == "500 records, 250/s");
    CHECK(progress_text({.measure = {0, 100}, .records = 0, .elapsed = 2s}) ==
          "0 %, 0 records, 0/s");
    CHECK(progress_text({.measure = {25, 100}, .records = 500, .elapsed = 30s}) ==
          "25 %, 500 records, 17/s, 1m30s left");
    CHECK(progress_text({.measure = {100, 100}, .records = 500, .elapsed = 1s}) ==
          "100 %, 500 records, 500/s, 0s left");
}
