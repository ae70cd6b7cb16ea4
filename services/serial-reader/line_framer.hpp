// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::serial_reader {

/// One line of a serial stream, without its end.
struct Line {
    enum class Kind {
        whole,     ///< its beginning and its end were seen
        headless,  ///< the first after the port was opened: its beginning may be missing
        too_long,  ///< the first bytes of a line beyond the limit; the rest was dropped
    };
    std::string_view text;
    Kind kind = Kind::whole;
};

/// Cuts a serial stream into lines.
///
/// Problem: a port delivers bytes in chunks of any size, and it is opened in the middle of a line
/// as often as not; a number that lost its first digits would still look like a number. So the
/// first line is marked, whatever it looks like.
///
/// A line ends with CR LF, LF or CR.
///
/// Threads: one.
/// Limits:  holds at most `line_bytes_max` bytes, however long a line is.
class LineFramer {
public:
    explicit LineFramer(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

    /// Calls `sink(const Line&)` for every line that ends in `chunk`; the text lives during the
    /// call. The same lines come out however a stream is cut into chunks.
    template <typename Sink>
    void feed(std::string_view chunk, Sink&& sink) {
        while (!chunk.empty()) {
            const std::size_t end = chunk.find_first_of("\r\n");
            take(chunk.substr(0, end));
            if (end == std::string_view::npos) return;
            if (ends_line(chunk[end])) {
                sink(Line{pending_, kind_});
                pending_.clear();
                kind_ = Line::Kind::whole;
            }
            chunk.remove_prefix(end + 1);
        }
    }

    /// Forgets the unfinished line: the port was opened anew. True when there was one.
    bool restart();

private:
    void take(std::string_view bytes);
    /// False for the LF of a CR LF, whose line has ended already.
    bool ends_line(char terminator);

    std::size_t line_bytes_max_;
    std::string pending_;
    Line::Kind kind_ = Line::Kind::headless;
    bool after_carriage_return_ = false;
};

}  // namespace weir::serial_reader
