// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::socketio {

/// Deeper nesting is refused, so that no packet can exhaust the stack.
constexpr int json_depth_max = 200;

/// An array's text cut at its first comma. The views point into the scanned text.
struct JsonArray {
    std::string_view first;  ///< the first element; empty for `[]`
    std::string_view rest;   ///< the other elements with their commas, without the first's
    /// How many attachments the placeholders `{"_placeholder":true,"num":i}` in it refer to: the
    /// greatest `i` + 1, or nothing when one of them has no whole number `num`.
    std::optional<std::uint64_t> attachments = 0;
};

/// The parts of `text` when it is one JSON array (RFC 8259), else nothing.
///
/// Problem: this library passes the arguments of events through as they are; all it must know is
/// that they are JSON, which event they belong to, and which attachments they ask for. So it
/// looks at the text once and builds nothing.
std::optional<JsonArray> scan_json_array(std::string_view text);

/// True when `text` is one JSON object.
bool is_json_object(std::string_view text);

/// True when `text` is one JSON string.
bool is_json_string(std::string_view text);

/// True when `text` is what may stand between the brackets of an array: nothing, or values with
/// commas between.
bool is_json_list(std::string_view text);

}  // namespace weir::socketio
