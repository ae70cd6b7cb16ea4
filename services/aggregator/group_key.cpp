// SPDX-License-Identifier: Apache-2.0
#include "group_key.hpp"

#include <charconv>

#include "base/assert.hpp"

namespace weir::aggregator {

void append_key_part(std::string& key, std::string_view part) {
    key.append(std::to_string(part.size())).append(1, ':').append(part);
}

std::string_view take_key_part(std::string_view& key) {
    std::size_t size = 0;
    const auto [end, code] = std::from_chars(key.data(), key.data() + key.size(), size);
    const auto digits = static_cast<std::size_t>(end - key.data());
    WEIR_ASSERT(code == std::errc{} && digits + 1 + size <= key.size(),
                "a key was made of parts by append_key_part");
    const std::string_view part = key.substr(digits + 1, size);
    key.remove_prefix(digits + 1 + size);
    return part;
}

}  // namespace weir::aggregator
