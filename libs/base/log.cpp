// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

#include "base/text.hpp"

namespace weir::log {
namespace {

struct State {
    std::shared_ptr<spdlog::logger> logger;
    Format format = Format::text;
    std::string service = "weir";
};

spdlog::level::level_enum native(Level level) {
    switch (level) {
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warn: return spdlog::level::warn;
        case Level::error: return spdlog::level::err;
    }
    return spdlog::level::info;
}

std::string_view name(Level level) {
    switch (level) {
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warn: return "warn";
        case Level::error: return "error";
    }
    return "info";
}

/// Built on first use; configure() changes it before other threads start.
State& state() {
    static State state = [] {
        auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        auto logger = std::make_shared<spdlog::logger>("weir", std::move(sink));
        logger->set_pattern("%v");
        return State{.logger = std::move(logger)};
    }();
    return state;
}

/// Whether `text` can stand in a line of text: nothing in it ends the line, steers a terminal or is
/// of another encoding.
bool is_plain(std::string_view text) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    return std::none_of(text.begin(), text.end(), is_control) && is_utf8(text);
}

bool needs_quotes(std::string_view text) {
    return text.empty() || text.find_first_of(" =\"\\") != std::string_view::npos ||
           !is_plain(text);
}

std::string timestamp() {
    using namespace std::chrono;
    const auto now = floor<milliseconds>(system_clock::now());
    const auto day = floor<days>(now);
    const year_month_day date{day};
    const hh_mm_ss time{now - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(date.year()),
                       unsigned(date.month()), unsigned(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

std::string text_line(Level level, std::string_view message, Fields fields) {
    std::string line = fmt::format("{} {:5} {} {}", timestamp(), name(level), state().service,
                                   is_plain(message) ? std::string(message) : json_quoted(message));
    for (const Field& field : fields) {
        const bool quoted = field.quoted && needs_quotes(field.value);
        line += fmt::format(" {}={}", field.key, quoted ? json_quoted(field.value) : field.value);
    }
    return line;
}

std::string json_line(Level level, std::string_view message, Fields fields) {
    std::string line =
        fmt::format(R"({{"time":"{}","level":"{}","service":{},"message":{})", timestamp(),
                    name(level), json_quoted(state().service), json_quoted(message));
    for (const Field& field : fields)
        line += fmt::format(",{}:{}", json_quoted(field.key),
                            field.quoted ? json_quoted(field.value) : field.value);
    return line + "}";
}

}  // namespace

// A JSON number has no NaN or infinity: those are written as text.
Field::Field(std::string_view name, double number)
    : key(name), value(fmt::format("{}", number)), quoted(!(number - number == 0.0)) {}

void configure(Level level, Format format, std::string_view service) {
    state().logger->set_level(native(level));
    state().format = format;
    state().service = service;
}

bool enabled(Level level) { return state().logger->should_log(native(level)); }

void write(Level level, std::string_view message, Fields fields) {
    if (!enabled(level)) return;
    const std::string line = state().format == Format::json ? json_line(level, message, fields)
                                                            : text_line(level, message, fields);
    state().logger->log(native(level), "{}", line);
}

}  // namespace weir::log
