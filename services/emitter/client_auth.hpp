// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "key_set.hpp"

/// What a client says of itself when it connects: `auth` is the JSON object of its CONNECT, which
/// may have anything else in it.
namespace weir::emitter {

/// `keys`: it wants no others. Errors: they are no list of at most so many keys.
Result<std::optional<KeySet>> read_auth_keys(std::string_view auth, std::size_t keys_max);

/// `token`; empty when it says none.
std::string read_auth_token(std::string_view auth);

}  // namespace weir::emitter
