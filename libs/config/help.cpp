// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "config/command.hpp"
#include "config/toml.hpp"

namespace weir::config {
namespace {

constexpr std::size_t help_columns = 100;
constexpr std::size_t help_indent = 8;

void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
    const std::string margin(indent, ' ');
    std::size_t column = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (word.empty()) continue;
        if (column == 0 || column + 1 + word.size() > help_columns - indent) {
            if (column != 0) out += '\n';
            out += margin;
            column = 0;
        } else {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
    }
    out += '\n';
}

std::string joined(const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts)
        all += (all.empty() ? "" : ", ") + text;
    return all;
}

/// The default as a reader wants it: nothing for what has none.
std::string default_text(const Declaration& option) {
    if (option.secret || option.flag) return {};
    return joined(option.get());
}

bool must_be_given(const Declaration& option) {
    return option.required && default_text(option).empty();
}

std::vector<std::string> sections_of(const Command& command) {
    std::vector<std::string> sections;
    for (const auto& option : command.declarations())
        if (std::find(sections.begin(), sections.end(), option->section) == sections.end())
            sections.push_back(option->section);
    return sections;
}

std::string notes(const Declaration& option) {
    std::string text;
    if (must_be_given(option)) text += " Required.";
    if (option.repeated) text += " May be given several times.";
    if (const auto value = default_text(option); !value.empty())
        text += fmt::format(" Default: {}.", value);
    return text;
}

constexpr std::string_view common_help = R"(
Common
  -h, --help
        Prints this text.
  --version
        Prints the version.
  --config FILE
        Reads options from a TOML file: the keys are the names of the flags. [WEIR_CONFIG]
  --check
        Checks the whole configuration, without touching the network, and lists every mistake.
{}  --print-config
        Prints the options in force as a TOML file, secrets left out.
)";

constexpr std::string_view connect_help =
    R"(  --connect
        With --check: connects, too, and lists what does not fit the configuration there.
)";

constexpr std::string_view sources_help = R"(
Every option is also an environment variable: its name follows it in brackets. A flag beats the
environment, the environment beats the file, the file beats the default. Lists are separated by ";"
in the environment. A secret may be read from the file that <VARIABLE>_FILE names.

Exit codes: 0 for an orderly end, 2 for what --check finds, 1 for any other failure.
)";

}  // namespace

std::string Command::help() const {
    std::string out = fmt::format("{} - {}\n\nUsage: {} [OPTION]...\n", name_, summary_, name_);
    for (const std::string& section : sections_of(*this)) {
        out += fmt::format("\n{}\n", section);
        for (const auto& option : declarations_) {
            if (option->section != section) continue;
            out +=
                fmt::format("  --{}{}{}\n", option->name, option->flag ? "" : " ", option->metavar);
            append_wrapped(out,
                           fmt::format("{}{} [{}]", option->help, notes(*option),
                                       environment_name(option->name)),
                           help_indent);
        }
    }
    out += fmt::format(common_help, can_connect() ? connect_help : "");
    for (const Request& request : requests_) {
        out += fmt::format("  --{}\n", request.name);
        append_wrapped(out, request.help, help_indent);
    }
    out += sources_help;
    if (!examples_.empty()) out += "\nExamples\n";
    for (const Example& example : examples_) {
        append_wrapped(out, example.text, 2);
        out += fmt::format("    {}\n", example.command_line);
    }
    return out;
}

std::string Command::reference() const {
    const auto escaped = [](std::string_view text) {
        std::string cell;
        for (const char character : text) {
            if (character == '|') cell += '\\';
            cell += character;
        }
        return cell;
    };
    std::string out = fmt::format("# {}\n\n{}\n", name_, summary_);
    for (const std::string& section : sections_of(*this)) {
        out += fmt::format("\n## {}\n\n| Option | Default | Meaning |\n|---|---|---|\n", section);
        for (const auto& option : declarations_) {
            if (option->section != section) continue;
            const auto value = default_text(*option);
            out += fmt::format("| `--{}{}{}` | {} | {}{}{} |\n", option->name,
                               option->flag ? "" : " ", escaped(option->metavar),
                               value.empty() ? "" : fmt::format("`{}`", escaped(value)),
                               escaped(option->help), must_be_given(*option) ? " Required." : "",
                               option->repeated ? " May be given several times." : "");
        }
    }
    return out;
}

std::string Command::print_config() const {
    std::string out;
    for (const auto& option : declarations_) {
        const auto values = option->get();
        if (option->secret) {
            const bool set = !values.empty() && !values.front().empty();
            out += fmt::format("# {} is {} (secret)\n", option->name, set ? "set" : "not set");
            continue;
        }
        std::string text;
        if (option->repeated) {
            for (const std::string& value : values)
                text += fmt::format("{}{}", text.empty() ? "" : ", ", toml_quoted(value));
            text = "[" + text + "]";
        } else if (option->flag) {
            text = values.front();
        } else {
            text = toml_quoted(values.front());
        }
        out += fmt::format("{} = {}  # {}\n", option->name, text, option->source);
    }
    return out;
}

}  // namespace weir::config
