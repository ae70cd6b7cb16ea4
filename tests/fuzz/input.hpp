// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::fuzz {

/// Takes parts off the front of an input; when it is empty all parts are zero or empty.
class Input {
public:
    explicit Input(std::string_view bytes) : rest_(bytes) {}

    bool empty() const { return rest_.empty(); }
    unsigned byte() {
        if (rest_.empty()) return 0;
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    /// A text behind its length, of one byte.
    std::string_view text() { return bytes(byte()); }
    std::string_view bytes(std::size_t count) {
        const std::string_view taken = rest_.substr(0, std::min(count, rest_.size()));
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view rest() { return bytes(rest_.size()); }

private:
    std::string_view rest_;
};

/// What Input::text() takes; of at most 255 bytes.
inline std::string short_text(std::string_view text) {
    return static_cast<char>(text.size()) + std::string(text);
}

}  // namespace weir::fuzz
