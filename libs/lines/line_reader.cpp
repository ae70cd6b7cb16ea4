// SPDX-License-Identifier: Apache-2.0
#include "lines/line_reader.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/units.hpp"

namespace weir::lines {
namespace {

constexpr std::size_t chunk_bytes = 256 << 10;

/// Two bytes say whether a file is gzip.
constexpr std::size_t magic_bytes = 2;

}  // namespace

Result<std::unique_ptr<LineReader>> LineReader::open(const std::string& path, Bytes line_max) {
    const bool standard = path == "-";
    const int file = standard ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::unique_ptr<LineReader> reader(
        new LineReader(standard ? "standard input" : path, file, line_max));
    struct stat status {};
    if (file < 0 || ::fstat(file, &status) != 0)
        return Error{fmt::format("opening {}: {}", reader->path_, std::strerror(errno))};
    if (S_ISREG(status.st_mode)) reader->bytes_total_ = static_cast<std::uint64_t>(status.st_size);
    return reader;
}

LineReader::LineReader(std::string path, int file, Bytes line_max)
    : path_(std::move(path)), file_(file), line_max_(line_max) {}

LineReader::~LineReader() {
    if (file_ >= 0) ::close(file_);
}

Error LineReader::error(std::string_view reason) const {
    return Error{fmt::format("reading {}, after line {}: {}", path_, lines_read_, reason)};
}

Result<std::span<const std::string_view>> LineReader::read(std::chrono::milliseconds wait) {
    lines_.clear();
    text_.erase(0, std::exchange(given_, 0));
    if (!more_packed_ && !file_ended_)
        if (auto filled = fill(wait); !filled) return filled.error();
    if (auto unpacked = unpack(); !unpacked) return unpacked.error();
    if (auto split_up = split(); !split_up) return split_up.error();
    return std::span<const std::string_view>(lines_);
}

/// One read of the file. What tells gzip from text are two bytes, which a pipe may bring one by
/// one.
Result<void> LineReader::fill(std::chrono::milliseconds wait) {
    pollfd ready{.fd = file_, .events = POLLIN, .revents = 0};
    const int count = ::poll(&ready, 1, static_cast<int>(wait.count()));
    if (count == 0 || (count < 0 && errno == EINTR)) return {};
    if (is_gzip_) chunk_.clear();
    const std::size_t before = chunk_.size();
    chunk_.resize(before + chunk_bytes);
    const ssize_t got = ::read(file_, chunk_.data() + before, chunk_bytes);
    chunk_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno != EINTR && errno != EAGAIN) return error(std::strerror(errno));
    bytes_read_ += chunk_.size() - before;
    file_ended_ = got == 0;
    if (!is_gzip_ && (chunk_.size() >= magic_bytes || file_ended_)) is_gzip_ = is_gzip(chunk_);
    if (is_gzip_) packed_ = chunk_;
    return {};
}

Result<void> LineReader::unpack() {
    more_packed_ = false;
    if (!is_gzip_) return {};
    if (!*is_gzip_) {
        text_.append(std::exchange(packed_, {}));
        return {};
    }
    const std::size_t before = text_.size();
    if (auto done = gzip_.inflate(packed_, text_, chunk_bytes); !done)
        return error(done.error().message);
    more_packed_ = !packed_.empty() || text_.size() - before == chunk_bytes;
    if (file_ended_ && !more_packed_ && !gzip_.between_members())
        return error("the gzip file ends in the middle: it was cut short");
    return {};
}

Result<void> LineReader::split() {
    const std::string_view text = text_;
    ended_ = file_ended_ && !more_packed_;
    while (given_ < text.size()) {
        const std::size_t feed = text.find('\n', given_);
        const std::string_view line = text.substr(given_, feed - given_);
        if (line.size() > line_max_.count)
            return error(fmt::format("the next line is longer than {}", format_bytes(line_max_)));
        if (feed == text.npos && !ended_) break;
        lines_.push_back(line);
        given_ += line.size() + (feed == text.npos ? 0 : 1);
        ++lines_read_;
    }
    return {};
}

}  // namespace weir::lines
