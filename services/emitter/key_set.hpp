// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/document.hpp"

namespace weir::emitter {

/// Keys of records that somebody wants to see.
using KeySet = std::set<std::string, std::less<>>;

/// A longer key cannot be asked for.
inline constexpr std::size_t key_bytes_max = 255;

/// What a client asks for: a JSON list of at most so many strings. Errors: it is something else.
Result<KeySet> read_keys(const json::Value& list, std::size_t keys_max);

/// The same as an event's one argument: JSON as socketio::Event has it.
Result<KeySet> read_keys(std::string_view args, std::size_t keys_max);

/// `["device1","device2"]`
std::string to_json(const KeySet& keys);

}  // namespace weir::emitter
