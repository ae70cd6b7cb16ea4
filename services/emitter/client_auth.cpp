// SPDX-License-Identifier: Apache-2.0
#include "client_auth.hpp"

namespace weir::emitter {

Result<std::optional<KeySet>> read_auth_keys(std::string_view auth, std::size_t keys_max) {
    json::Document document;
    if (const auto read = document.read(auth); !read) return Error{"auth: " + read.error().message};
    const auto list = document.find(json::Pointer::member("keys"));
    if (!list || list->type() == json::Type::null) return std::optional<KeySet>();
    auto keys = read_keys(*list, keys_max);
    if (!keys) return Error{"auth.keys: " + keys.error().message};
    return std::optional(std::move(*keys));
}

std::string read_auth_token(std::string_view auth) {
    json::Document document;
    if (!document.read(auth)) return {};
    const auto token = document.string(json::Pointer::member("token"));
    return token.ok() ? std::string(*token) : std::string();
}

}  // namespace weir::emitter
