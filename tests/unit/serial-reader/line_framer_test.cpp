// SPDX-License-Identifier: Apache-2.0
//
// Goal: the same lines come out of a serial stream however it is cut into chunks. Method: tables,
// and random cuts of random streams compared with the stream in one piece; the seed is printed.
#include "line_framer.hpp"

#include <algorithm>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"

using weir::serial_reader::Line;
using weir::serial_reader::LineFramer;

namespace {

constexpr std::size_t line_bytes_max = 16;

struct Taken {
    std::string text;
    Line::Kind kind;
    bool operator==(const Taken&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Taken& line) {
    return out << '"' << line.text << "\" kind " << static_cast<int>(line.kind);
}

std::vector<Taken> feed(LineFramer& framer, std::string_view chunk) {
    std::vector<Taken> lines;
    framer.feed(chunk, [&](const Line& line) {
        lines.push_back({std::string(line.text), line.kind});
    });
    return lines;
}

std::vector<Taken> lines_of(std::string_view stream) {
    LineFramer framer(line_bytes_max);
    return feed(framer, stream);
}

constexpr auto whole = Line::Kind::whole;
constexpr auto headless = Line::Kind::headless;
constexpr auto too_long = Line::Kind::too_long;

}  // namespace

TEST_CASE("a line ends with CR LF, LF or CR", "[line_framer]") {
    using Lines = std::vector<Taken>;
    CHECK(lines_of("a\r\nb\r\n") == Lines{{"a", headless}, {"b", whole}});
    CHECK(lines_of("a\nb\n") == Lines{{"a", headless}, {"b", whole}});
    CHECK(lines_of("a\rb\r") == Lines{{"a", headless}, {"b", whole}});
    CHECK(lines_of("a\rb\nc\r\nd\n") ==
          Lines{{"a", headless}, {"b", whole}, {"c", whole}, {"d", whole}});
}

TEST_CASE("empty lines are lines", "[line_framer]") {
    using Lines = std::vector<Taken>;
    CHECK(lines_of("\n\n") == Lines{{"", headless}, {"", whole}});
    CHECK(lines_of("\r\n\r\n") == Lines{{"", headless}, {"", whole}});
    CHECK(lines_of("\r\r\n") == Lines{{"", headless}, {"", whole}});
    CHECK(lines_of("a\n\r") == Lines{{"a", headless}, {"", whole}});
}

TEST_CASE("nothing comes out before the end of a line", "[line_framer]") {
    LineFramer framer(line_bytes_max);
    CHECK(feed(framer, "").empty());
    CHECK(feed(framer, "849").empty());
    CHECK(feed(framer, ".63").empty());
    CHECK(feed(framer, "\r") == std::vector<Taken>{{"849.63", headless}});
    CHECK(feed(framer, "\n").empty());
}

TEST_CASE("an over-long line comes out once, cut at the limit", "[line_framer]") {
    using Lines = std::vector<Taken>;
    const std::string full(line_bytes_max, 'x');
    CHECK(lines_of(full + "\nb\n") == Lines{{full, headless}, {"b", whole}});
    CHECK(lines_of(full + "y\nb\n") == Lines{{full, too_long}, {"b", whole}});
    CHECK(lines_of("a\n" + std::string(100'000, 'x') + "\nb\n") ==
          Lines{{"a", headless}, {full, too_long}, {"b", whole}});
}

TEST_CASE("bytes of any value are part of a line", "[line_framer]") {
    const std::string noise("\x00\xFF\x80\x7F", 4);
    CHECK(lines_of(noise + "\n") == std::vector<Taken>{{noise, headless}});
}

TEST_CASE("after a restart the unfinished line is gone and the next one is headless",
          "[line_framer]") {
    LineFramer framer(line_bytes_max);
    feed(framer, "a\n849.");
    CHECK(framer.restart());
    CHECK(feed(framer, "63\nb\n") == std::vector<Taken>{{"63", headless}, {"b", whole}});
    CHECK_FALSE(framer.restart());
    feed(framer, "c\r");
    framer.restart();
    CHECK(feed(framer, "\n") == std::vector<Taken>{{"", headless}});
}

TEST_CASE("however a stream is cut, the same lines come out", "[line_framer]") {
    const auto seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    constexpr std::string_view alphabet("\r\n\r\n0123456789.inf Rokhm\0\xFF", 26);
    std::uniform_int_distribution<std::size_t> letter(0, alphabet.size() - 1);
    for (int round = 0; round < 2'000; ++round) {
        std::string stream(random() % 200, ' ');
        for (char& byte : stream)
            byte = alphabet[letter(random)];
        LineFramer framer(line_bytes_max);
        std::vector<Taken> lines;
        for (std::string_view rest = stream; !rest.empty();) {
            const std::size_t size = std::min<std::size_t>(random() % 8, rest.size());
            for (Taken& line : feed(framer, rest.substr(0, size)))
                lines.push_back(line);
            rest.remove_prefix(size);
        }
        CAPTURE(round, stream);
        REQUIRE(lines == lines_of(stream));
    }
}
