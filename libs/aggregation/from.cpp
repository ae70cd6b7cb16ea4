// SPDX-License-Identifier: Apache-2.0
#include "aggregation/from.hpp"

#include <fmt/format.h>

#include "json/timestamp.hpp"

namespace weir::config {

using aggregation::From;

namespace {

constexpr std::string_view earliest = "earliest";

/// Whether only digits, colons and commas are in it, and a colon: no time is written so.
bool looks_like_offsets(std::string_view text) {
    return text.find_first_not_of("0123456789:,") == text.npos && text.find(':') != text.npos;
}

Error mistake(std::string_view text, std::string_view why) {
    return Error{fmt::format("expected {}, got \"{}\"{}", Codec<From>::metavar(), text, why)};
}

Result<From> parse_offsets(std::string_view text) {
    From from;
    for (std::size_t at = 0, comma = 0; comma != text.npos; at = comma + 1) {
        comma = text.find(',', at);
        const std::string_view pair = text.substr(at, comma - at);
        const std::size_t colon = pair.find(':');
        if (colon == pair.npos) return mistake(text, "");
        const auto partition = Codec<std::int32_t>::parse(pair.substr(0, colon));
        const auto offset = Codec<std::int64_t>::parse(pair.substr(colon + 1));
        if (!partition || !offset) return mistake(text, "");
        if (!from.offsets.emplace(Partition{*partition}, Offset{*offset}).second)
            return mistake(text, fmt::format(": partition {} is named twice", *partition));
    }
    return from;
}

}  // namespace

Result<From> Codec<From>::parse(std::string_view text) {
    if (text == earliest) return From{};
    if (looks_like_offsets(text)) return parse_offsets(text);
    const auto time = json::parse_timestamp(text);
    // A number might be an offset or a time; one of them would be a surprise.
    if (!time || text.find('-') == text.npos) return mistake(text, "");
    return From{.time = *time, .offsets = {}};
}

std::string Codec<From>::format(const From& from) {
    if (from.time) return json::iso(*from.time);
    std::string text;
    for (const auto& [partition, offset] : from.offsets)
        text += fmt::format("{}{}:{}", text.empty() ? "" : ",", number(partition), number(offset));
    return text.empty() ? std::string(earliest) : text;
}

}  // namespace weir::config
