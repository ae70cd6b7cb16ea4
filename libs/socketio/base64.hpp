// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::socketio {

/// Appends `bytes` in the standard alphabet with padding (RFC 4648 section 4).
void append_base64(std::string& out, std::string_view bytes);

/// The bytes of a base64 text, its padding optional; nothing when it is not base64.
std::optional<std::string> base64_decode(std::string_view text);

/// Bytes in the URL-safe alphabet, without padding (RFC 4648 section 5).
std::string id_of(std::string_view bytes);

/// True when `text` is of that form and length.
bool is_id(std::string_view text, std::size_t chars);

/// An id nobody can guess: `bytes` from the kernel's generator.
std::string random_id(std::size_t bytes);

}  // namespace weir::socketio
