// SPDX-License-Identifier: Apache-2.0
#include "key_set.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace weir::emitter {

Result<KeySet> read_keys(const json::Value& list, std::size_t keys_max) {
    const auto wrong = [](std::string_view got) {
        return Error{fmt::format("expected a list of keys such as [\"device1\"], got {}", got)};
    };
    if (list.type() != json::Type::array) return wrong(json::describe(list.type()));
    KeySet keys;
    for (const auto& [_, key] : list.elements()) {
        if (key.type() != json::Type::string)
            return wrong(fmt::format("{} in it", json::describe(key.type())));
        if (key.string().size() > key_bytes_max)
            return wrong(fmt::format("a key of more than {} bytes", key_bytes_max));
        keys.emplace(key.string());
        if (keys.size() > keys_max) return wrong(fmt::format("more than {} keys", keys_max));
    }
    return keys;
}

Result<KeySet> read_keys(std::string_view args, std::size_t keys_max) {
    // The arguments are checked JSON already: what does not fit here is none or several.
    const std::string text = "{\"keys\":" + std::string(args) + '}';
    json::Document document;
    const auto list =
        document.read(text).ok() ? document.find(json::Pointer::member("keys")) : std::nullopt;
    if (!list) return Error{"expected one list of keys such as [\"device1\"]"};
    return read_keys(*list, keys_max);
}

std::string to_json(const KeySet& keys) {
    std::string json = "[";
    for (const std::string& key : keys)
        json += (json.size() == 1 ? "" : ",") + json_quoted(key);
    return json + ']';
}

}  // namespace weir::emitter
