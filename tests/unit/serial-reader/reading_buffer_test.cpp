// SPDX-License-Identifier: Apache-2.0
//
// Goal: a reading that was written is there after a kill at any moment, and what is missing is
// reported as a gap. Method: a kill is a process that ends in the middle of a write, so the files
// are cut at every byte, and opened again; rot on the disk is a byte changed at every place.
#include "reading_buffer.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "temporary_folder.hpp"

using namespace weir::serial_reader;
using weir::Bytes;
using weir::EventTime;
namespace fs = std::filesystem;

namespace {

constexpr Bytes size = ReadingBuffer::size_min;
constexpr Sequence capacity = size.count / stored_bytes;
constexpr Sequence segment_readings = capacity / 16;

EventTime time_of(Sequence sequence) {
    return EventTime(std::chrono::microseconds(1'728'306'165'123'456 + sequence * 1'250'000));
}
double value_of(Sequence sequence) { return static_cast<double>(sequence) + 0.25; }
Reading reading_of(Sequence sequence) { return {sequence, time_of(sequence), value_of(sequence)}; }

std::unique_ptr<ReadingBuffer> open_buffer(const fs::path& folder) {
    auto buffer = ReadingBuffer::open(folder, size);
    REQUIRE(buffer.ok());
    return std::move(buffer).value();
}

void append(ReadingBuffer& buffer, Sequence count) {
    for (Sequence i = 0; i < count; ++i) {
        const Sequence expected = buffer.end();
        const auto sequence = buffer.append(time_of(expected), value_of(expected));
        REQUIRE(sequence.ok());
        REQUIRE(*sequence == expected);
    }
}

/// Everything from `from` on: readings as their sequence, gaps as "first-last".
std::string contents(const ReadingBuffer& buffer, Sequence from) {
    std::string text;
    while (true) {
        const auto item = buffer.at(from);
        if (const auto* reading = std::get_if<Reading>(&item)) {
            REQUIRE(*reading == reading_of(from));
            text += std::to_string(from++) + " ";
        } else if (const auto* gap = std::get_if<Gap>(&item)) {
            REQUIRE(gap->first == from);
            text += std::to_string(gap->first) + "-" + std::to_string(gap->last) + " ";
            from = gap->last + 1;
        } else {
            return text;
        }
    }
}

std::string numbers(Sequence first, Sequence last) {
    std::string text;
    for (Sequence i = first; i <= last; ++i)
        text += std::to_string(i) + " ";
    return text;
}

std::vector<fs::path> segments(const fs::path& folder) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == ".readings") paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

/// While it lives, no file of this process grows beyond `bytes`: as if the disk were full.
class FullDisk {
public:
    explicit FullDisk(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        REQUIRE(getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit now{bytes, before_.rlim_max};
        REQUIRE(setrlimit(RLIMIT_FSIZE, &now) == 0);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

private:
    rlimit before_{};
};

void flip_byte(const fs::path& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 0x40));
    REQUIRE(file.good());
}

}  // namespace

TEST_CASE("CRC-32C gives the check value and those of RFC 3720", "[stored_reading]") {
    const auto crc = [](std::string_view text) {
        return crc32c(std::as_bytes(std::span(text.data(), text.size())));
    };
    CHECK(crc("123456789") == 0xE3069283);
    CHECK(crc(std::string(32, '\0')) == 0x8A9136AA);
    CHECK(crc(std::string(32, '\xFF')) == 0x62A8AB43);
}

TEST_CASE("a stored reading is read back, and no changed bit of it passes", "[stored_reading]") {
    const Reading reading{42, EventTime(std::chrono::microseconds(-1)), -849.63};
    const StoredBytes bytes = encode(reading);
    CHECK(decode(bytes) == reading);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        StoredBytes changed = bytes;
        changed[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        CHECK_FALSE(decode(changed).has_value());
    }
    CHECK_FALSE(decode(StoredBytes{}).has_value());
}

TEST_CASE("readings are numbered from 1 and read in order", "[reading_buffer]") {
    const TemporaryFolder folder;
    const auto buffer = open_buffer(folder.path() / "made" / "if missing");
    CHECK(contents(*buffer, 1).empty());
    append(*buffer, 5);
    CHECK(contents(*buffer, 1) == "1 2 3 4 5 ");
    CHECK(contents(*buffer, 4) == "4 5 ");
    CHECK(buffer->released_to() == 1);
    CHECK(buffer->stored() == Bytes{5 * stored_bytes});
}

TEST_CASE("a second process is refused the folder", "[reading_buffer]") {
    const TemporaryFolder folder;
    const auto buffer = open_buffer(folder.path());
    const auto second = ReadingBuffer::open(folder.path(), size);
    REQUIRE_FALSE(second.ok());
    CHECK(second.error().message.find("another process") != std::string::npos);
}

TEST_CASE("a folder that cannot be made is an error that names it", "[reading_buffer]") {
    const auto buffer = ReadingBuffer::open("/dev/null/buffer", size);
    REQUIRE_FALSE(buffer.ok());
    CHECK(buffer.error().message.find("/dev/null/buffer") != std::string::npos);
}

TEST_CASE("after a restart, readings and numbering go on where they were released",
          "[reading_buffer]") {
    const TemporaryFolder folder;
    {
        const auto buffer = open_buffer(folder.path());
        append(*buffer, 5);
        REQUIRE(buffer->release(4, time_of(3)).ok());
    }
    {
        const auto buffer = open_buffer(folder.path());
        CHECK(buffer->released_to() == 4);
        CHECK(buffer->released_time() == time_of(3));
        CHECK(contents(*buffer, 4) == "4 5 ");
        append(*buffer, 1);
        REQUIRE(buffer->release(7, time_of(6)).ok());
    }
    const auto buffer = open_buffer(folder.path());
    CHECK(buffer->released_to() == 7);
    CHECK(buffer->end() == 7);
    append(*buffer, 1);
    CHECK(contents(*buffer, 7) == "7 ");
}

TEST_CASE("a write cut at any byte loses that reading and no other", "[reading_buffer]") {
    const TemporaryFolder folder;
    append(*open_buffer(folder.path()), 3);
    const fs::path whole = segments(folder.path()).at(0);
    for (std::uintmax_t length = 0; length <= 3 * stored_bytes; ++length) {
        CAPTURE(length);
        const TemporaryFolder cut;
        fs::copy(whole, cut.path());
        fs::resize_file(cut.path() / whole.filename(), length);
        const Sequence left = length / stored_bytes;
        {
            const auto buffer = open_buffer(cut.path());
            CHECK(contents(*buffer, 1) == numbers(1, left));
            append(*buffer, 2);
        }
        CHECK(contents(*open_buffer(cut.path()), 1) == numbers(1, left + 2));
    }
}

TEST_CASE("zeros or rubbish after the last reading are ignored", "[reading_buffer]") {
    for (const char filler : {'\0', 'x'}) {
        const TemporaryFolder folder;
        append(*open_buffer(folder.path()), 3);
        std::ofstream(segments(folder.path()).at(0), std::ios::app) << std::string(1000, filler);
        const auto buffer = open_buffer(folder.path());
        append(*buffer, 1);
        CHECK(contents(*buffer, 1) == "1 2 3 4 ");
    }
}

TEST_CASE("a byte changed anywhere on the disk costs one reading, as a gap", "[reading_buffer]") {
    const TemporaryFolder folder;
    append(*open_buffer(folder.path()), 3);
    const fs::path whole = segments(folder.path()).at(0);
    for (std::size_t at = 0; at < 3 * stored_bytes; ++at) {
        CAPTURE(at);
        const TemporaryFolder rotten;
        fs::copy(whole, rotten.path());
        flip_byte(rotten.path() / whole.filename(), static_cast<std::streamoff>(at));
        const auto buffer = open_buffer(rotten.path());
        const std::vector<std::string> expected{"1-1 2 3 ", "1 2-2 3 ", "1 2 "};
        CHECK(contents(*buffer, 1) == expected[at / stored_bytes]);
    }
}

TEST_CASE("a damaged cursor may repeat readings and loses none", "[reading_buffer]") {
    const TemporaryFolder folder;
    {
        const auto buffer = open_buffer(folder.path());
        append(*buffer, 5);
        REQUIRE(buffer->release(3, time_of(2)).ok());
        REQUIRE(buffer->release(4, time_of(3)).ok());
    }
    const fs::path cursor = folder.path() / "cursor";
    REQUIRE(fs::file_size(cursor) == 2 * stored_bytes);
    for (std::uintmax_t length = 0; length < 2 * stored_bytes; ++length) {
        fs::resize_file(cursor, 2 * stored_bytes - length);
        CAPTURE(length);
        const auto buffer = open_buffer(folder.path());
        const Sequence expected = length == 0 ? 4 : length <= stored_bytes ? 3 : 1;
        CHECK(buffer->released_to() == expected);
        CHECK(contents(*buffer, expected) == numbers(expected, 5));
    }
}

TEST_CASE("a full buffer drops its oldest readings, which read as a gap", "[reading_buffer]") {
    const TemporaryFolder folder;
    {
        const auto buffer = open_buffer(folder.path());
        REQUIRE(buffer->capacity() == capacity);
        append(*buffer, capacity);
        CHECK(buffer->dropped() == 0);
        CHECK(buffer->stored() == size);
        REQUIRE(buffer->release(11, time_of(10)).ok());
        append(*buffer, 1);
        CHECK(buffer->dropped() == segment_readings - 10);
        CHECK(buffer->stored() <= size);
        append(*buffer, 10 * capacity);
        CHECK(buffer->stored() <= size);
        CHECK(buffer->dropped() >= 9 * capacity);
    }
    const auto buffer = open_buffer(folder.path());
    CHECK(buffer->released_to() == 11);
    const auto item = buffer->at(11);
    REQUIRE(std::holds_alternative<Gap>(item));
    const Gap gap = std::get<Gap>(item);
    CHECK(gap.first == 11);
    CHECK(buffer->end() - gap.last - 1 == buffer->stored().count / stored_bytes);
    CHECK(std::get<Reading>(buffer->at(gap.last + 1)) == reading_of(gap.last + 1));
}

TEST_CASE("released segments are removed, the one being written is not", "[reading_buffer]") {
    const TemporaryFolder folder;
    const auto buffer = open_buffer(folder.path());
    append(*buffer, 3 * segment_readings + 1);
    CHECK(segments(folder.path()).size() == 4);
    REQUIRE(buffer->release(2 * segment_readings, {}).ok());
    CHECK(segments(folder.path()).size() == 3);
    REQUIRE(buffer->release(buffer->end(), {}).ok());
    CHECK(segments(folder.path()).size() == 1);
    CHECK(buffer->dropped() == 0);
}

TEST_CASE("numbers that were sent are not used again when a power cut took the readings",
          "[reading_buffer]") {
    const TemporaryFolder folder;
    {
        const auto buffer = open_buffer(folder.path());
        append(*buffer, 5);
        REQUIRE(buffer->release(6, time_of(5)).ok());
    }
    fs::resize_file(segments(folder.path()).at(0), 2 * stored_bytes);
    {
        const auto buffer = open_buffer(folder.path());
        CHECK(buffer->end() == 6);
        append(*buffer, 2);
        CHECK(contents(*buffer, buffer->released_to()) == "6 7 ");
    }
    CHECK(contents(*open_buffer(folder.path()), 6) == "6 7 ");
}

TEST_CASE("a buffer opened with a smaller size shrinks to it", "[reading_buffer]") {
    const TemporaryFolder folder;
    {
        auto big = ReadingBuffer::open(folder.path(), Bytes{4 * size.count});
        REQUIRE(big.ok());
        append(**big, 4 * capacity);
    }
    const auto buffer = open_buffer(folder.path());
    append(*buffer, 1);
    CHECK(buffer->stored() <= size);
    CHECK(std::holds_alternative<Gap>(buffer->at(1)));
}

TEST_CASE("readings the disk refuses are a gap, and it goes on when the disk does",
          "[reading_buffer]") {
    const TemporaryFolder folder;
    {
        const auto buffer = open_buffer(folder.path());
        append(*buffer, 3);
        {
            const FullDisk full(5);
            for (Sequence lost = 4; lost <= 200; ++lost) {
                const auto refused = buffer->append(time_of(lost), value_of(lost));
                REQUIRE_FALSE(refused.ok());
                CHECK(refused.error().message.find(".readings") != std::string::npos);
            }
            CHECK(contents(*buffer, 1) == "1 2 3 4-200 ");
            CHECK(segments(folder.path()).size() == 1);
        }
        append(*buffer, 2);
        CHECK(contents(*buffer, 1) == "1 2 3 4-200 201 202 ");
        CHECK(contents(*buffer, 5) == "5-200 201 202 ");
    }
    CHECK(contents(*open_buffer(folder.path()), 1) == "1 2 3 4-200 201 202 ");
}

TEST_CASE("files that are not segments are left alone", "[reading_buffer]") {
    const TemporaryFolder folder;
    for (const char* name : {"notes.txt", "x.readings", "0.readings", "12.reading"})
        std::ofstream(folder.path() / name) << "mine";
    append(*open_buffer(folder.path()), 1);
    CHECK(contents(*open_buffer(folder.path()), 1) == "1 ");
    for (const char* name : {"notes.txt", "x.readings", "0.readings", "12.reading"})
        CHECK(fs::file_size(folder.path() / name) == 4);
}
