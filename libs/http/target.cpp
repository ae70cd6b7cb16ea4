// SPDX-License-Identifier: Apache-2.0
#include "http/target.hpp"

#include <algorithm>

namespace weir::http {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string decoded_or_as_is(std::string_view text) {
    return percent_decode(text, Plus::space).value_or(std::string(text));
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, Plus plus) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus == Plus::space) {
            decoded += ' ';
        } else if (text[i] != '%') {
            decoded += text[i];
        } else {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_digit(text[i + 1]);
            const int low = hex_digit(text[i + 2]);
            if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
            decoded += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return decoded;
}

Query Query::parse(std::string_view text) {
    Query query;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view part = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (part.empty()) continue;
        const std::size_t equals = std::min(part.find('='), part.size());
        query.parameters_.emplace_back(
            decoded_or_as_is(part.substr(0, equals)),
            decoded_or_as_is(part.substr(std::min(equals + 1, part.size()))));
    }
    return query;
}

std::optional<std::string_view> Query::get(std::string_view name) const {
    for (auto parameter = parameters_.rbegin(); parameter != parameters_.rend(); ++parameter)
        if (parameter->first == name) return parameter->second;
    return std::nullopt;
}

std::optional<Target> parse_target(std::string_view text) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (text.starts_with(scheme)) {
            const std::size_t slash = text.find_first_of("/?", scheme.size());
            text.remove_prefix(std::min(slash, text.size()));
            break;
        }
    }
    const std::size_t question = std::min(text.find('?'), text.size());
    std::string_view path = text.substr(0, question);
    if (path.empty() && question < text.size()) path = "/";
    if (!path.starts_with('/')) return std::nullopt;
    auto decoded = percent_decode(path, Plus::literal);
    if (!decoded) return std::nullopt;
    return Target{std::move(*decoded),
                  Query::parse(text.substr(std::min(question + 1, text.size())))};
}

}  // namespace weir::http
