// SPDX-License-Identifier: Apache-2.0
#include "config/toml.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <sstream>

#include "base/text.hpp"
#include "config/file.hpp"

namespace weir::config {
namespace {

// Configuration is written by people; more than this is a wrong file.
constexpr Bytes file_size_max{1U << 20};

TomlTable convert_table(const toml::table& table);

TomlValue convert(const toml::node& node) {
    TomlValue result{.value = std::string{}, .line = node.source().begin.line};
    if (const auto* table = node.as_table()) {
        result.value = convert_table(*table);
    } else if (const auto* array = node.as_array()) {
        TomlArray items;
        for (const auto& item : *array)
            items.push_back(convert(item));
        result.value = std::move(items);
    } else if (const auto text = node.value_exact<std::string>()) {
        result.value = *text;
    } else if (const auto integer = node.value_exact<std::int64_t>()) {
        result.value = *integer;
    } else if (const auto number = node.value_exact<double>()) {
        result.value = *number;
    } else if (const auto flag = node.value_exact<bool>()) {
        result.value = *flag;
    } else {
        // Dates and times: kept as the text they were written with.
        std::ostringstream written;
        written << toml::node_view<const toml::node>(node);
        result.value = written.str();
    }
    return result;
}

TomlTable convert_table(const toml::table& table) {
    TomlTable result;
    for (const auto& [key, node] : table)
        result.push_back({std::string(key.str()), convert(node)});
    return result;
}

}  // namespace

std::string TomlValue::text() const {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
    if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    return {};
}

Result<TomlTable> parse_toml(std::string_view text, std::string_view name) {
    try {
        return convert_table(toml::parse(text, name));
    } catch (const toml::parse_error& error) {
        return Error{
            fmt::format("{}: line {}: {}", name, error.source().begin.line, error.description())};
    }
}

Result<TomlTable> read_toml(const std::filesystem::path& path) {
    const auto text = read_file(path, file_size_max);
    if (!text) return text.error();
    return parse_toml(*text, path.string());
}

// JSON's escapes are a subset of those of a TOML basic string, which wants DEL escaped, too.
std::string toml_quoted(std::string_view text) {
    std::string quoted = json_quoted(text);
    for (auto at = quoted.find('\x7F'); at != std::string::npos; at = quoted.find('\x7F', at))
        quoted.replace(at, 1, "\\u007F");
    return quoted;
}

}  // namespace weir::config
