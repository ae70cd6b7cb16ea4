// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

/// Structured logging to standard error: a sentence without variables, then named fields, so that
/// a person can read it and a machine can group it. A healthy service is silent after its start.
///
/// Levels: error = data at risk or an operator must act; warn = unexpected, recovered by itself;
///         info = life cycle; debug = for the developer, never one line per record by default.
/// Threads: every function may be called from any thread.
namespace weir::log {

enum class Level { debug, info, warn, error };
enum class Format { text, json };

/// One named value of a log line.
struct Field {
    std::string_view key;
    std::string value;
    bool quoted;  ///< false for numbers and booleans, which JSON writes bare

    Field(std::string_view name, std::string_view text) : key(name), value(text), quoted(true) {}
    Field(std::string_view name, const char* text) : Field(name, std::string_view(text)) {}
    Field(std::string_view name, const std::string& text) : Field(name, std::string_view(text)) {}
    Field(std::string_view name, bool flag)
        : key(name), value(flag ? "true" : "false"), quoted(false) {}
    template <std::integral T>
    requires(!std::same_as<T, bool>) Field(std::string_view name, T integer)
        : key(name), value(std::to_string(integer)), quoted(false) {}
    Field(std::string_view name, double number);
};

using Fields = std::initializer_list<Field>;

/// Sets what is written and how. `service` appears in every line. Before the first call, text at
/// level info is written.
void configure(Level level, Format format, std::string_view service);

bool enabled(Level level);
void write(Level level, std::string_view message, Fields fields);

inline void debug(std::string_view message, Fields fields = {}) {
    write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
    write(Level::info, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
    write(Level::warn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
    write(Level::error, message, fields);
}

}  // namespace weir::log
