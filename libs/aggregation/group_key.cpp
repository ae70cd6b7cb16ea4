// SPDX-License-Identifier: Apache-2.0
#include "aggregation/group_key.hpp"

#include <charconv>

#include "base/assert.hpp"

namespace weir::aggregation {

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

void write_key_members(json::Writer& writer, const std::vector<std::string>& names,
                       std::string_view key) {
    for (const std::string& name : names)
        writer.key(name).string(names.size() == 1 ? key : take_key_part(key));
}

std::string_view record_key(std::size_t fields, std::string_view key, std::string& buffer) {
    if (fields == 1) return key;
    buffer.clear();
    json::Writer writer(buffer, json::NumberStyle::java);
    writer.begin_array();
    for (std::size_t i = 0; i < fields; ++i)
        writer.string(take_key_part(key));
    writer.end_array();
    return buffer;
}

}  // namespace weir::aggregation
