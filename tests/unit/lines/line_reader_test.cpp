// SPDX-License-Identifier: Apache-2.0
// Goal: every line of a file comes out once, plain or gzip, and a damaged file is an error and
// never a short one. Method: real files; gzip is made by the gzip program.
#include "lines/line_reader.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "catch.hpp"

using namespace weir;
using namespace std::chrono_literals;

namespace {

class Folder {
public:
    Folder() : path_(std::filesystem::temp_directory_path() / fmt::format("lines-{}", getpid())) {
        std::filesystem::create_directories(path_);
    }
    ~Folder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] std::string write(const std::string& name, const std::string& bytes) const {
        const std::string path = path_ / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path;
    }
    [[nodiscard]] std::string gzip(const std::string& name, const std::string& bytes) const {
        const std::string path = write(name, bytes);
        REQUIRE(std::system(fmt::format("gzip -f '{}'", path).c_str()) == 0);
        return path + ".gz";
    }

private:
    std::filesystem::path path_;
};

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// All lines, or the error as the only one.
std::vector<std::string> lines_of(const std::string& path, std::uint64_t line_max = 1000) {
    auto reader = lines::LineReader::open(path, Bytes{line_max});
    if (!reader) return {reader.error().message};
    std::vector<std::string> all;
    while (!(*reader)->ended()) {
        const auto some = (*reader)->read(1s);
        if (!some) return {some.error().message};
        all.insert(all.end(), some->begin(), some->end());
    }
    CHECK((*reader)->bytes_read() == (*reader)->bytes_total());
    return all;
}

/// About 1.4 MB, several chunks, that gzip packs well.
std::string many_lines(std::vector<std::string>& lines) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) {
        lines.push_back(
            fmt::format("line {} {}", i, std::string(static_cast<unsigned>(i % 40), 'x')));
        text += lines.back() + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("lines end with a line feed, the last one with or without", "[lines]") {
    const Folder folder;
    CHECK(lines_of(folder.write("a", "")).empty());
    CHECK(lines_of(folder.write("a", "x")) == std::vector<std::string>{"x"});
    CHECK(lines_of(folder.write("a", "x\n")) == std::vector<std::string>{"x"});
    CHECK(lines_of(folder.write("a", "\nx\r\n\ny")) ==
          std::vector<std::string>{"", "x\r", "", "y"});
}

TEST_CASE("a long file comes out whole, plain and gzip, whatever its name", "[lines]") {
    const Folder folder;
    std::vector<std::string> lines;
    const std::string text = many_lines(lines);
    CHECK(lines_of(folder.write("plain.gz", text)) == lines);
    const std::string packed = folder.gzip("packed", text);
    CHECK(lines_of(packed) == lines);

    // Two members, the first one ending in the middle of a line.
    const std::string two =
        bytes_of(folder.gzip("one", "a\nb")) + bytes_of(folder.gzip("two", "c"));
    CHECK(lines_of(folder.write("two", two)) == std::vector<std::string>{"a", "bc"});
}

TEST_CASE("what was packed into very few bytes comes out whole", "[lines]") {
    const Folder folder;
    std::string text;
    for (int i = 0; i < 100'000; ++i)
        text += std::string(99, 'a') + "\n";
    CHECK(lines_of(folder.gzip("a", text)).size() == 100'000);
}

TEST_CASE("a damaged gzip file is an error that names it", "[lines]") {
    const Folder folder;
    std::vector<std::string> lines;
    const std::string packed = bytes_of(folder.gzip("packed", many_lines(lines)));
    for (const std::size_t size : {std::size_t{3}, packed.size() / 2, packed.size() - 1}) {
        const auto cut = lines_of(folder.write("cut.gz", packed.substr(0, size)));
        INFO(size);
        CHECK(cut.size() == 1);
        CHECK(cut.front().find("cut.gz") != std::string::npos);
        CHECK(cut.front().find("cut short") != std::string::npos);
    }
    std::string flipped = packed;
    flipped[flipped.size() - 6] ^= 1;  // the checksum
    CHECK(lines_of(folder.write("bad.gz", flipped)).front().find("damaged") != std::string::npos);
    CHECK(lines_of(folder.write("more.gz", packed + "text")).front().find("damaged") !=
          std::string::npos);
}

TEST_CASE("a line that is too long is an error that names the line before", "[lines]") {
    const Folder folder;
    const std::string path = folder.write("a", "1\n2\n" + std::string(2'000, 'x') + "\n");
    CHECK(lines_of(path, 2'000).size() == 3);
    const auto error = lines_of(path, 1'999);
    REQUIRE(error.size() == 1);
    CHECK(error.front() ==
          "reading " + path + ", after line 2: the next line is longer than 1999B");
}

TEST_CASE("what cannot be read is an error that says why", "[lines]") {
    CHECK(lines_of("/no/such/file") ==
          std::vector<std::string>{"opening /no/such/file: No such file or directory"});
    CHECK(lines_of("/tmp").front().find("Is a directory") != std::string::npos);
}
