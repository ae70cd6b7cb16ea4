// SPDX-License-Identifier: Apache-2.0
//
// Goal: every line of the sketch is read, and nothing else passes as a reading. Method: tables.
#include "line_parser.hpp"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace weir::serial_reader;

namespace {

Outcome parse(std::string_view text, Line::Kind kind = Line::Kind::whole,
              std::size_t decimals = 2) {
    return parse_line(Line{text, kind}, decimals);
}

void check_rejected(std::string_view text, Rejection reason) {
    CAPTURE(std::string(text), name(reason));
    const Outcome outcome = parse(text);
    REQUIRE(std::holds_alternative<Rejection>(outcome));
    CHECK(name(std::get<Rejection>(outcome)) == name(reason));
}

}  // namespace

TEST_CASE("numbers with two decimals are measurements", "[line_parser]") {
    const std::vector<std::pair<std::string_view, double>> table{
        {"849.63", 849.63},     {"0.00", 0.0},        {"0.05", 0.05},
        {"26160.56", 26160.56}, {"-1.25", -1.25},     {"4294967040.00", 4294967040.0},
        {" 849.63 ", 849.63},   {"\t849.63", 849.63}, {"9999999999.99", 9999999999.99},
    };
    for (const auto& [text, value] : table) {
        CAPTURE(std::string(text));
        const Outcome outcome = parse(text);
        REQUIRE(std::holds_alternative<Measurement>(outcome));
        CHECK(std::get<Measurement>(outcome).value == value);
    }
}

TEST_CASE("the number of decimals is the one asked for", "[line_parser]") {
    CHECK(std::get<Measurement>(parse("850", Line::Kind::whole, 0)).value == 850.0);
    CHECK(std::get<Measurement>(parse("0.123456", Line::Kind::whole, 6)).value == 0.123456);
    CHECK(std::holds_alternative<Rejection>(parse("850.", Line::Kind::whole, 0)));
    CHECK(std::holds_alternative<Rejection>(parse("850.1", Line::Kind::whole, 0)));
}

TEST_CASE("the first line of the sketch is a calibration", "[line_parser]") {
    CHECK(std::get<Calibration>(parse("Ro: 4.69 kohm")).ro_kohm == 4.69);
    CHECK(std::get<Calibration>(parse("Ro: 0.00 kohm")).ro_kohm == 0.0);
    CHECK(std::isnan(std::get<Calibration>(parse("Ro: inf kohm")).ro_kohm));
    CHECK(std::isnan(std::get<Calibration>(parse("Ro: nan kohm")).ro_kohm));
    for (const std::string_view text :
         {"Ro: 4.69", "Ro: kohm", "Ro:  kohm", "Ro: 4.6 kohm", "ro: 4.69 kohm", "Ro: 4,69 kohm",
          "o: 4.69 kohm", "Ro: 4.69 kohm849.63", "Ro: ", "Ro: x kohm"})
        check_rejected(text, Rejection::malformed);
}

TEST_CASE("what the Arduino core cannot print is rejected by name", "[line_parser]") {
    check_rejected("inf", Rejection::infinite);
    check_rejected("-inf", Rejection::infinite);
    check_rejected("nan", Rejection::not_a_number);
    check_rejected("ovf", Rejection::overflow);
}

TEST_CASE("what is not a number of the sketch is malformed", "[line_parser]") {
    for (const std::string_view text : {"849",           "849.",      "849.6",   "849.630",
                                        ".63",           "-.63",      "-",       "--1.00",
                                        "+1.00",         "1e3",       "1.00e3",  "0x10",
                                        "849,63",        "849.63ppm", "84 9.63", "849.63.11",
                                        "849.63850.11",  "00.05",     "007.00",  "INF",
                                        "infinity",      "in",        "NaN",     "12345678901.00",
                                        "849.63 849.64", "hello"})
        check_rejected(text, Rejection::malformed);
}

TEST_CASE("a byte that is not printable is noise", "[line_parser]") {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {"849.6\x00"sv,
          "\xFF"
          "849.63"sv,
          "849\x7F.63"sv, "849\t.63"sv, "\x1B[0m"sv, "Ro: 4.69 kohm\x80"sv})
        check_rejected(text, Rejection::noise);
}

TEST_CASE("an empty line is rejected as such", "[line_parser]") {
    check_rejected("", Rejection::empty);
    check_rejected("  \t", Rejection::empty);
}

TEST_CASE("a line whose beginning was not seen is a half line, unless it is a calibration",
          "[line_parser]") {
    for (const std::string_view text : {"849.63", "9.63", "", "inf", "\xFF", "o: 4.69 kohm"})
        CHECK(std::get<Rejection>(parse(text, Line::Kind::headless)) == Rejection::half_line);
    CHECK(std::get<Calibration>(parse("Ro: 4.69 kohm", Line::Kind::headless)).ro_kohm == 4.69);
}

TEST_CASE("an over-long line is rejected whatever it begins with", "[line_parser]") {
    CHECK(std::get<Rejection>(parse("849.63", Line::Kind::too_long)) == Rejection::too_long);
    CHECK(std::get<Rejection>(parse("Ro: 4.69 kohm", Line::Kind::too_long)) == Rejection::too_long);
}
