// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "json/number.hpp"

namespace weir::json {

/// Appends `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void append_quoted(std::string& out, std::string_view text);

/// Writes compact JSON, members in the order of the calls.
///
///     Writer(out, NumberStyle::java).begin_object().key("average").number(1.0).end_object();
///
/// Lifetime: appends to `out`, which the caller owns and reuses, so that a steady stream of records
///           allocates nothing.
/// Limits:   nesting up to 63 levels. Calls out of order (a value without its key, a missing
///           end) are bugs of the caller; what can be seen cheaply is asserted.
class Writer {
public:
    explicit Writer(std::string& out, NumberStyle style) : out_(out), style_(style) {}

    Writer& begin_object() { return begin('{'); }
    Writer& end_object() { return end('}'); }
    Writer& begin_array() { return begin('['); }
    Writer& end_array() { return end(']'); }

    Writer& key(std::string_view name);

    Writer& string(std::string_view text);
    Writer& number(double value);
    Writer& number(float value);
    Writer& number(std::int64_t value);
    Writer& boolean(bool value);
    Writer& null();

    /// Writes `json`, which must be one valid JSON value, as it is: digits and spaces unchanged.
    Writer& raw(std::string_view json);

private:
    Writer& begin(char bracket);
    Writer& end(char bracket);

    /// Writes the comma before a key or an array's element where one is due.
    void separate();

    std::string& out_;
    NumberStyle style_;
    std::uint64_t not_first_ = 0;  ///< a bit per level: something was written there
    int depth_ = 0;
    bool after_key_ = false;
};

}  // namespace weir::json
