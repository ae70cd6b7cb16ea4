// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/types.hpp"
#include "lines/inflater.hpp"

namespace weir::lines {

/// Reads the lines of a file, or of standard input, many at a time. What begins as gzip is
/// unpacked, whatever its name is.
///
/// Threads: one.
/// Limits:  holds a chunk and the longest line; a longer line than `line_max` is an error.
class LineReader {
public:
    /// `path` "-" is standard input. Errors name the file and the reason.
    static Result<std::unique_ptr<LineReader>> open(const std::string& path, Bytes line_max);
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;
    ~LineReader();

    /// The lines that are whole by now, without their line feeds, the last one also without one.
    /// None when nothing came within `wait`, or at the end. They live until the next read().
    /// Errors: reading failed, broken or cut gzip, a line that is too long.
    Result<std::span<const std::string_view>> read(std::chrono::milliseconds wait);

    /// Every line has been given.
    [[nodiscard]] bool ended() const { return ended_; }

    /// How much of the file has been read, as it is stored, and how long it is; 0 for a pipe.
    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
    [[nodiscard]] std::uint64_t bytes_total() const { return bytes_total_; }

private:
    LineReader(std::string path, int file, Bytes line_max);

    Result<void> fill(std::chrono::milliseconds wait);
    Result<void> unpack();
    Result<void> split();
    [[nodiscard]] Error error(std::string_view reason) const;

    std::string path_;
    int file_;
    Bytes line_max_;
    std::uint64_t bytes_read_ = 0;
    std::uint64_t bytes_total_ = 0;
    std::uint64_t lines_read_ = 0;
    bool file_ended_ = false;
    bool ended_ = false;

    std::string chunk_;        ///< of the file, as it is stored
    std::string_view packed_;  ///< what is left of it to unpack
    bool more_packed_ = false;
    std::optional<bool> is_gzip_;
    Inflater gzip_;
    std::string text_;       ///< lines that were given out, then what is not whole yet
    std::size_t given_ = 0;  ///< so much of text_ was given out
    std::vector<std::string_view> lines_;
};

}  // namespace weir::lines
