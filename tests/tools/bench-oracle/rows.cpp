// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

#include <charconv>
#include <string>

namespace weir::bench {
namespace {

/// What is between the quotes of `"name":"…"`. Values are plain: none has a name in it.
std::optional<std::string_view> text(std::string_view value, std::string_view before) {
    const auto at = value.find(before);
    if (at == std::string_view::npos) return std::nullopt;
    value.remove_prefix(at + before.size());
    const auto end = value.find('"');
    if (end == std::string_view::npos) return std::nullopt;
    return value.substr(0, end);
}

std::optional<double> number(std::string_view value, std::string_view before) {
    const auto at = value.find(before);
    if (at == std::string_view::npos) return std::nullopt;
    double found = 0;
    const auto parsed =
        std::from_chars(value.data() + at + before.size(), value.data() + value.size(), found);
    if (parsed.ec != std::errc{}) return std::nullopt;
    return found;
}

/// Of `2024-10-07T13:02:45.000Z`.
std::optional<Micros> window_time(std::string_view text) {
    if (text.size() != 24 || text[10] != 'T' || text[23] != 'Z') return std::nullopt;
    std::string plain(text.substr(0, 23));
    plain[10] = ' ';
    return chaos::parse_time(plain + "000");
}

}  // namespace

std::optional<Reading> parse_reading(std::string_view value) {
    const auto time = text(value, R"("timestamp":")");
    const auto device = text(value, R"("device_name":")");
    const auto data = number(value, R"("data":)");
    if (!time || !device || !data) return std::nullopt;
    const auto micros = chaos::parse_time(*time);
    if (!micros) return std::nullopt;
    return Reading{*device, *micros, *data};
}

std::optional<Row> parse_row(std::string_view value) {
    const auto device = text(value, R"("device_name":")");
    const auto start = text(value, R"("start":")");
    const auto end = text(value, R"("end":")");
    const auto mean = number(value, R"("mean":)");
    if (!device || !start || !end || !mean) return std::nullopt;
    const auto from = window_time(*start);
    const auto to = window_time(*end);
    if (!from || !to) return std::nullopt;
    return Row{*device, *from, *to, *mean};
}

}  // namespace weir::bench
