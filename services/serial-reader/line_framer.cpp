// SPDX-License-Identifier: Apache-2.0
#include "line_framer.hpp"

#include <algorithm>

namespace weir::serial_reader {

bool LineFramer::restart() {
    const bool unfinished = !pending_.empty();
    pending_.clear();
    kind_ = Line::Kind::headless;
    after_carriage_return_ = false;
    return unfinished;
}

void LineFramer::take(std::string_view bytes) {
    if (bytes.empty()) return;
    after_carriage_return_ = false;
    const std::size_t room = line_bytes_max_ - pending_.size();
    if (bytes.size() > room) kind_ = Line::Kind::too_long;
    pending_.append(bytes.substr(0, room));
}

bool LineFramer::ends_line(char terminator) {
    const bool second_half = terminator == '\n' && after_carriage_return_;
    after_carriage_return_ = terminator == '\r';
    return !second_half;
}

}  // namespace weir::serial_reader
