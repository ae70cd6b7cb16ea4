// SPDX-License-Identifier: Apache-2.0
// Goal: digits are exactly those of the systems that read and wrote these topics before. Method:
// tables of known digits, and rounding compared with a second implementation that works on the
// decimal text only.
#include "json/number.hpp"

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>

#include "catch.hpp"
#include "seed.hpp"

using namespace weir;
using namespace weir::json;

namespace {

std::string java(double value) {
    std::string out;
    append_number(out, value, NumberStyle::java);
    return out;
}

std::string python(double value) {
    std::string out;
    append_number(out, value, NumberStyle::python);
    return out;
}

std::string java_float(float value) {
    std::string out;
    append_number(out, value, NumberStyle::java);
    return out;
}

/// Rounds half up on decimal text, by schoolbook arithmetic: the digits left of the cut, one added
/// when the first digit right of it is 5 or more.
double round_text(double value, int decimals) {
    char text[512];
    std::snprintf(text, sizeof text, "%s", java(value).c_str());
    std::string digits(text);
    const bool negative = digits.front() == '-';
    if (negative) digits.erase(0, 1);
    int exponent = 0;
    if (const auto mark = digits.find('E'); mark != std::string::npos) {
        exponent = std::atoi(digits.c_str() + mark + 1);
        digits.resize(mark);
    }
    auto point = static_cast<int>(digits.find('.')) + exponent;
    digits.erase(digits.find('.'), 1);
    while (point < 1)
        digits.insert(0, "0"), ++point;
    while (static_cast<int>(digits.size()) < point + decimals + 1)
        digits += '0';
    const int kept = point + decimals;
    const bool up = digits[static_cast<std::size_t>(kept)] >= '5';
    digits.resize(static_cast<std::size_t>(kept));
    for (std::size_t i = digits.size(); up; --i) {
        if (i == 0) {
            digits.insert(0, "1");
            ++point;
            break;
        }
        if (digits[i - 1] != '9') {
            ++digits[i - 1];
            break;
        }
        digits[i - 1] = '0';
    }
    digits.insert(static_cast<std::size_t>(point), ".");
    const double rounded = std::strtod(digits.c_str(), nullptr);
    return negative && rounded != 0 ? -rounded : rounded;
}

}  // namespace

TEST_CASE("doubles are written as Java writes them", "[json]") {
    const std::pair<double, const char*> table[] = {
        {0.0, "0.0"},
        {-0.0, "-0.0"},
        {1.0, "1.0"},
        {863.852, "863.852"},
        {432.475, "432.475"},
        {-12.5, "-12.5"},
        {0.001, "0.001"},
        {0.00099, "9.9E-4"},
        {9999999.0, "9999999.0"},
        {1e7, "1.0E7"},
        {12345678.9, "1.23456789E7"},
        {100.0, "100.0"},
        {1e21, "1.0E21"},
        {1.5e300, "1.5E300"},
        {5e-324, "4.9E-324"},
        {1.7976931348623157e308, "1.7976931348623157E308"},
        {0.1 + 0.2, "0.30000000000000004"},
    };
    for (const auto& [value, text] : table)
        CHECK(java(value) == text);
}

TEST_CASE("doubles are written as Python writes them", "[json]") {
    const std::pair<double, const char*> table[] = {
        {863.85, "863.85"},
        {7.0, "7.0"},
        {1e15, "1000000000000000.0"},
        {1e16, "1e+16"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1.5e-7, "1.5e-07"},
        {1e100, "1e+100"},
        {-0.0, "-0.0"},
        {5e-324, "5e-324"},
        {123456789.125, "123456789.125"},
        {12345678901234567.0, "1.2345678901234568e+16"},
    };
    for (const auto& [value, text] : table)
        CHECK(python(value) == text);
}

TEST_CASE("floats have their own shortest digits", "[json]") {
    CHECK(java_float(863.85F) == "863.85");
    CHECK(java_float(1.1F) == "1.1");
    CHECK(java_float(1.0005F) == "1.0005");
    CHECK(java_float(1e10F) == "1.0E10");
    CHECK(java_float(1.4e-45F) == "1.4E-45");
}

TEST_CASE("what JSON has no number for is written as text", "[json]") {
    CHECK(java(std::nan("")) == "\"NaN\"");
    CHECK(java(-std::numeric_limits<double>::infinity()) == "\"-Infinity\"");
    CHECK(python(std::numeric_limits<double>::infinity()) == "\"Infinity\"");
}

TEST_CASE("rounding is half up on the shortest decimal form", "[json]") {
    struct Row {
        double value;
        int decimals;
        double expected;
    };
    const double float_pair = (double{1.0005F} + double{1.0005F}) / 2;
    const Row table[] = {
        {432.4749878048897, 3, 432.475},
        {863.8514709472656, 3, 863.851},
        {1.0005, 3, 1.001},
        {float_pair, 3, 1.0},
        {2.5, 0, 3.0},
        {-2.5, 0, -3.0},
        {0.5, 0, 1.0},
        {0.4999999999999999, 0, 0.0},
        {-0.0004, 3, 0.0},
        {0.0005, 3, 0.001},
        {0.00049999, 3, 0.0},
        {999.9995, 3, 1000.0},
        {9.9999, 3, 10.0},
        {1e300, 3, 1e300},
        {-0.0, 3, 0.0},
        {5e-324, 3, 0.0},
        {1.005, 2, 1.01},
        {2.675, 2, 2.68},
        {0.1 + 0.2, 3, 0.3},
        {123456789.0005, 3, 123456789.001},
        {0.05, 0, 0.0},
        {0.95, 1, 1.0},
        {-999.9995, 3, -1000.0},
    };
    for (const Row& row : table) {
        CAPTURE(row.value, row.decimals);
        const double rounded = round_half_up(row.value, row.decimals);
        CHECK(rounded == row.expected);
        CHECK_FALSE((rounded == 0 && std::signbit(rounded)));
    }
    CHECK(std::isnan(round_half_up(std::nan(""), 3)));
    CHECK(round_half_up(1.0005F, 3) == 1.001F);
}

TEST_CASE("rounding agrees with arithmetic on the text for random numbers", "[json]") {
    auto random = test::random_engine();
    for (int i = 0; i < 200'000; ++i) {
        const auto bits = random();
        double value = std::bit_cast<double>(bits);
        // Half of them of everyday size, many with a five at the cut.
        if (i % 2 == 0)
            value =
                static_cast<double>(static_cast<std::int64_t>(bits % 200'000'001) - 100'000'000) /
                1e4;
        if (!std::isfinite(value) || std::fabs(value) > 1e200 ||
            (value != 0 && std::fabs(value) < 1e-200))
            continue;
        const int decimals = static_cast<int>(random() % 6);
        CAPTURE(value, decimals);
        REQUIRE(round_half_up(value, decimals) == round_text(value, decimals));
    }
}

TEST_CASE("what is written reads back as the same number", "[json]") {
    auto random = test::random_engine();
    for (int i = 0; i < 100'000; ++i) {
        const double value = std::bit_cast<double>(random());
        if (!std::isfinite(value)) continue;
        CAPTURE(value);
        REQUIRE(*parse_double(java(value)) == value);
        REQUIRE(*parse_double(python(value)) == value);
        const auto small = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        if (!std::isfinite(small)) continue;
        REQUIRE(*parse_float(java_float(small)) == small);
    }
}

TEST_CASE("numbers are read in JSON's grammar only", "[json]") {
    CHECK(*parse_double("863.850") == 863.85);
    CHECK(*parse_double("-0") == 0.0);
    CHECK(*parse_double("1E5") == 1e5);
    CHECK(*parse_double("1e-400") == 0.0);
    CHECK(*parse_double("0.00e999999999999") == 0.0);
    CHECK(*parse_float("1e-60") == 0.0F);
    CHECK(*parse_float("16777217") == 16777216.0F);
    for (const char* text : {"", "+1", "01", "1.", ".5", "1e", "0x10", "nan", "inf", "-Infinity",
                             " 1", "1 ", "1,5", "--1", "1e+", "1.5.2", "7a"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_double(text).ok());
        CHECK_FALSE(is_number(text));
    }
    CHECK(parse_double("1e400").error().message ==
          "expected a number within the range of a double, got 1e400");
    CHECK_FALSE(parse_float("3.5e38").ok());
    CHECK(parse_float("3.4e38").ok());
}

TEST_CASE("decimals of every length are read as the C library reads them", "[json]") {
    auto random = test::random_engine();
    for (int i = 0; i < 200'000; ++i) {
        std::string text = random() % 2 == 0 ? "-" : "";
        text += std::to_string(random() % 10 + 1);
        for (auto digits = random() % 20; digits > 0; --digits)
            text += static_cast<char>('0' + random() % 10);
        const auto point = text.size() - random() % text.size();
        if (point < text.size()) text.insert(point, 1, '.');
        if (text.find('.') == 0 || text.starts_with("-.")) continue;
        CAPTURE(text);
        REQUIRE(*parse_double(text) == std::strtod(text.c_str(), nullptr));
        REQUIRE(*parse_float(text) == std::strtof(text.c_str(), nullptr));
    }
    for (const char* text : {"0", "-0", "0.0", "-0.00"}) {
        CHECK(*parse_double(text) == 0.0);
        CHECK(std::signbit(*parse_double(text)) == (*text == '-'));
        CHECK(std::signbit(*parse_float(text)) == (*text == '-'));
    }
    for (const char* text : {"1.", ".5", "-", "", "00", "01", "-01.5", "1.2.3", "1-2", "+1"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_double(text).ok());
        CHECK_FALSE(parse_float(text).ok());
    }
}

TEST_CASE("a float is rounded once, not by way of a double", "[json]") {
    // Just above the middle of two floats; the nearest double is the middle itself.
    CHECK(*parse_float("1.00000017881393432617187500000001") == std::nextafter(1.0000001F, 2.0F));
}

TEST_CASE("integers may be written in any way that is exact", "[json]") {
    CHECK(*parse_int64("7") == 7);
    CHECK(*parse_int64("7.0") == 7);
    CHECK(*parse_int64("7e2") == 700);
    CHECK(*parse_int64("12.5e1") == 125);
    CHECK(*parse_int64("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    CHECK(*parse_int64("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    CHECK(*parse_int64("0e99999") == 0);
    CHECK_FALSE(parse_int64("9223372036854775808").ok());
    CHECK_FALSE(parse_int64("1e19").ok());
    CHECK_FALSE(parse_int64("7.5").ok());
    CHECK_FALSE(parse_int64("1e-1").ok());
    CHECK_FALSE(parse_int64("\"7\"").ok());
}
