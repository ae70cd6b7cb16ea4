// SPDX-License-Identifier: Apache-2.0
#include "json/writer.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace weir::json {

void append_quoted(std::string& out, std::string_view text) {
    const auto plain = [](char character) {
        return character >= 0x20 && character < 0x7F && character != '"' && character != '\\';
    };
    if (std::all_of(text.begin(), text.end(), plain)) {
        out += '"';
        out += text;
        out += '"';
    } else {
        out += weir::json_quoted(text);
    }
}

void Writer::separate() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    const std::uint64_t bit = std::uint64_t{1} << depth_;
    if ((not_first_ & bit) != 0) out_ += ',';
    not_first_ |= bit;
}

Writer& Writer::begin(char bracket) {
    separate();
    out_ += bracket;
    ++depth_;
    WEIR_ASSERT(depth_ < 64, "JSON is written at most 63 levels deep");
    not_first_ &= ~(std::uint64_t{1} << depth_);
    return *this;
}

Writer& Writer::end(char bracket) {
    WEIR_ASSERT(depth_ > 0 && !after_key_, "a JSON object or array ended that was not begun");
    out_ += bracket;
    --depth_;
    return *this;
}

Writer& Writer::key(std::string_view name) {
    WEIR_ASSERT(!after_key_, "a JSON key followed a key");
    separate();
    append_quoted(out_, name);
    out_ += ':';
    after_key_ = true;
    return *this;
}

Writer& Writer::string(std::string_view text) {
    separate();
    append_quoted(out_, text);
    return *this;
}

Writer& Writer::number(double value) {
    separate();
    append_number(out_, value, style_);
    return *this;
}

Writer& Writer::number(float value) {
    separate();
    append_number(out_, value, style_);
    return *this;
}

Writer& Writer::number(std::int64_t value) {
    separate();
    append_number(out_, value);
    return *this;
}

Writer& Writer::boolean(bool value) { return raw(value ? "true" : "false"); }

Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view json) {
    separate();
    out_ += json;
    return *this;
}

}  // namespace weir::json
