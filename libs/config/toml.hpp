// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"

/// TOML 1.0 files as plain values: the only user of toml++.
namespace weir::config {

struct TomlValue;
struct TomlMember;
using TomlArray = std::vector<TomlValue>;
/// Sorted by name, as toml++ keeps it.
using TomlTable = std::vector<TomlMember>;

struct TomlValue {
    std::variant<std::string, std::int64_t, double, bool, TomlArray, TomlTable> value;
    unsigned line = 0;  ///< where it stands in the file, from 1

    /// The value as the text an option would be given; empty for arrays and tables.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_scalar() const { return value.index() < 4; }
};

struct TomlMember {
    std::string key;
    TomlValue value;
};

/// Reads a file of at most 1 MiB. Errors name the file, the line and what was wrong.
Result<TomlTable> read_toml(const std::filesystem::path& path);

/// The same for text; `name` stands for the file in errors.
Result<TomlTable> parse_toml(std::string_view text, std::string_view name);

/// A TOML basic string with its quotes.
std::string toml_quoted(std::string_view text);

}  // namespace weir::config
