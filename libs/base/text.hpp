// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir {

/// `text` as a JSON string with its quotes (RFC 8259 section 7). Bytes that are not UTF-8 become
/// U+FFFD, so that a log line or a health answer is valid JSON whatever a device sent.
std::string json_quoted(std::string_view text);

/// True when `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates).
bool is_utf8(std::string_view text);

/// The candidate nearest to `text` by edit distance, or empty when none is near enough to be a
/// likely slip of the keys.
std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates);

}  // namespace weir
