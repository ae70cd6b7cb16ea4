// SPDX-License-Identifier: Apache-2.0
#include "json/pointer.hpp"

#include <fmt/format.h>

#include <charconv>

namespace weir::json {
namespace {

std::optional<std::string> unescape(std::string_view token) {
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (token[i] != '~') {
            out += token[i];
            continue;
        }
        ++i;
        if (i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
        out += token[i] == '0' ? '~' : '/';
    }
    return out;
}

}  // namespace

Result<Pointer> Pointer::parse(std::string_view text) {
    Pointer pointer;
    pointer.text_ = text;
    std::string_view rest = text;
    while (!rest.empty()) {
        if (rest.front() != '/')
            return Error{
                fmt::format("expected a JSON pointer that starts with /, got \"{}\"", text)};
        rest.remove_prefix(1);
        const std::string_view token = rest.substr(0, rest.find('/'));
        auto plain = unescape(token);
        if (!plain)
            return Error{
                fmt::format("expected ~0 or ~1 after each ~ of the JSON pointer \"{}\"", text)};
        pointer.tokens_.push_back(std::move(*plain));
        rest.remove_prefix(token.size());
    }
    return pointer;
}

Result<Pointer> Pointer::from_option(std::string_view text) {
    if (text.empty()) return Error{"expected a field name or a JSON pointer, got nothing"};
    if (text.front() == '/') return parse(text);
    return member(text);
}

Pointer Pointer::member(std::string_view name) {
    Pointer pointer;
    pointer.tokens_.emplace_back(name);
    pointer.text_ = "/";
    for (const char character : name) {
        if (character == '~')
            pointer.text_ += "~0";
        else if (character == '/')
            pointer.text_ += "~1";
        else
            pointer.text_ += character;
    }
    return pointer;
}

std::optional<std::uint32_t> array_index(std::string_view token) {
    if (token.size() > 1 && token.front() == '0') return std::nullopt;
    std::uint32_t index = 0;
    const char* const end = token.data() + token.size();
    const auto result = std::from_chars(token.data(), end, index);
    if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
    return index;
}

}  // namespace weir::json
