// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace weir::net {

/// The 20 bytes of a text's SHA-1 (RFC 3174): where a protocol asks for it, never for secrets that
/// are worth an attack on it.
std::string sha1(std::string_view text);

/// The 32 bytes of a text's SHA-256 (FIPS 180-4).
std::string sha256(std::string_view text);

}  // namespace weir::net
