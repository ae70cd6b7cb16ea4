// SPDX-License-Identifier: Apache-2.0
#include "config/command.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>

#include "base/text.hpp"
#include "config/file.hpp"
#include "config/toml.hpp"
#include "config/version.hpp"

extern char** environ;

namespace weir::config {
namespace {

/// The flags every program has besides its options.
struct Requests {
    bool help = false;
    bool version = false;
    bool check = false;
    bool connect = false;
    bool print_config = false;
    bool print_reference = false;
    std::optional<std::string> config_file;
    std::map<std::string, bool> own;  ///< those of Command::request()
};

using Given = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> split_list(const std::string& text) {
    std::vector<std::string> items;
    std::string item;
    for (const char character : text) {
        if (character != ';' && character != '\n') {
            item += character;
        } else {
            if (!item.empty()) items.push_back(item);
            item.clear();
        }
    }
    if (!item.empty()) items.push_back(item);
    return items;
}

std::string mistake(const Declaration& option, const Error& error) {
    return fmt::format("--{}: {} ({})", option.name, error.message, option.source);
}

void apply(Declaration& option, std::string source, const std::vector<std::string>& texts,
           std::vector<std::string>& mistakes) {
    option.source = std::move(source);
    if (auto outcome = option.set(texts); !outcome)
        mistakes.push_back(
            mistake(option, option.secret ? Error{"the secret was refused"} : outcome.error()));
}

/// A secret's file, without the line end an editor leaves.
Result<std::string> read_secret(const std::string& path) {
    constexpr Bytes secret_size_max{64U << 10};
    auto text = read_file(path, secret_size_max);
    while (text && !text->empty() && (text->back() == '\n' || text->back() == '\r'))
        text->pop_back();
    return text;
}

Result<std::vector<std::string>> texts_of(const Declaration& option, const TomlValue& value) {
    if (value.is_scalar()) return std::vector{value.text()};
    const auto* array = std::get_if<TomlArray>(&value.value);
    if (array == nullptr) return Error{"expected a value or a list, got a table"};
    if (!option.repeated) return Error{"expected one value, got a list"};
    std::vector<std::string> texts;
    for (const TomlValue& item : *array) {
        if (!item.is_scalar()) return Error{"expected a list of plain values"};
        texts.push_back(item.text());
    }
    return texts;
}

}  // namespace

std::string environment_name(std::string_view option) {
    std::string name = "WEIR_";
    for (const char character : option)
        name += character == '-' ? '_' : static_cast<char>(std::toupper(character));
    return name;
}

Sources process_sources(int argc, const char* const* argv) {
    Sources sources;
    for (int i = 1; i < argc; ++i)
        sources.arguments.emplace_back(argv[i]);
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string_view::npos && text.starts_with("WEIR_"))
            sources.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return sources;
}

int Outcome::print() const {
    std::fputs(errors.c_str(), stderr);
    const bool written = std::fputs(output.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    return written ? exit_code : 1;
}

Command::Command(std::string name, std::string summary)
    : name_(std::move(name)), summary_(std::move(summary)) {}

void Command::add(std::unique_ptr<Declaration> declaration) {
    WEIR_ASSERT(find(declaration->name) == nullptr, "an option was declared twice");
    declarations_.push_back(std::move(declaration));
}

void Command::connected_rule(std::function<void(std::vector<std::string>&)> check) {
    connected_rule_ = std::move(check);
}

void Command::foreign(std::vector<std::string> keys) { foreign_ = std::move(keys); }

void Command::rule(std::function<void(std::vector<std::string>&)> check) {
    rules_.push_back(std::move(check));
}

void Command::warning_rule(std::function<void(std::vector<std::string>&)> check) {
    warning_rules_.push_back(std::move(check));
}

void Command::request(std::string name, std::string help) {
    WEIR_ASSERT(find(name) == nullptr, "a request has the name of an option");
    requests_.push_back({std::move(name), std::move(help)});
}

void Command::example(std::string command_line, std::string text) {
    examples_.push_back({std::move(command_line), std::move(text)});
}

Declaration* Command::find(std::string_view name) const {
    for (const auto& declaration : declarations_)
        if (declaration->name == name) return declaration.get();
    return nullptr;
}

std::string Command::suggestion(std::string_view name) const {
    std::vector<std::string_view> names{"help", "version", "check", "print-config", "config"};
    for (const auto& declaration : declarations_)
        names.push_back(declaration->name);
    for (const Request& request : requests_)
        names.push_back(request.name);
    if (can_connect()) names.push_back("connect");
    const auto best = nearest(name, names);
    return best.empty() ? std::string("see --help") : fmt::format("did you mean {}?", best);
}

void Command::load_file(const std::string& path, std::vector<std::string>& mistakes) {
    const auto table = read_toml(path);
    if (!table) {
        mistakes.push_back(table.error().message);
        return;
    }
    for (const auto& [key, value] : *table) {
        const std::string place = fmt::format("{} line {}", path, value.line);
        Declaration* option = find(key);
        if (option == nullptr) {
            if (std::find(foreign_.begin(), foreign_.end(), key) != foreign_.end()) continue;
            mistakes.push_back(
                fmt::format("{}: unknown key \"{}\", {}", place, key, suggestion(key)));
            continue;
        }
        const auto texts = texts_of(*option, value);
        if (texts)
            apply(*option, place, *texts, mistakes);
        else
            mistakes.push_back(fmt::format("{}: {}: {}", place, key, texts.error().message));
    }
}

void Command::load_environment(const Sources& sources, std::vector<std::string>& mistakes) {
    for (const auto& option : declarations_) {
        const std::string name = environment_name(option->name);
        const auto value = sources.environment.find(name);
        const auto file = sources.environment.find(name + "_FILE");
        if (value != sources.environment.end()) {
            const auto texts =
                option->repeated ? split_list(value->second) : std::vector{value->second};
            apply(*option, "environment " + name, texts, mistakes);
        } else if (option->secret && file != sources.environment.end()) {
            const auto text = read_secret(file->second);
            if (text)
                apply(*option, fmt::format("environment {}_FILE", name), {*text}, mistakes);
            else
                mistakes.push_back(fmt::format("--{}: {}", option->name, text.error().message));
        }
    }
}

void Command::check_required(std::vector<std::string>& mistakes) const {
    for (const auto& option : declarations_) {
        const auto values = option->get();
        const bool empty = values.empty() || (values.size() == 1 && values.front().empty());
        const bool required = option->required || (option->required_if && option->required_if());
        if (required && empty)
            mistakes.push_back(
                fmt::format("--{}: required; give the flag, {} or the key \"{}\" in "
                            "--config",
                            option->name, environment_name(option->name), option->name));
    }
}

namespace {

/// Splits the arguments with CLI11; every value stays text, so that all sources share one parser.
void parse_arguments(const Command& command, const std::vector<std::string>& arguments,
                     Requests& requests, Given& given, std::vector<std::string>& unknown,
                     std::vector<std::string>& mistakes) {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    app.add_flag("-h,--help", requests.help);
    app.add_flag("--version", requests.version);
    app.add_flag("--check", requests.check);
    if (command.can_connect()) app.add_flag("--connect", requests.connect);
    app.add_flag("--print-config", requests.print_config);
    app.add_flag("--print-reference", requests.print_reference);
    app.add_option("--config", requests.config_file);
    for (auto& [name, made] : requests.own)
        app.add_flag("--" + name, made);
    for (const auto& option : command.declarations()) {
        auto& texts = given[option->name];
        if (option->flag)
            app.add_flag("--" + option->name, texts);
        else
            // Without extra arguments: else CLI11 takes "--name a b" and splits "[a,b]".
            app.add_option("--" + option->name, texts)
                ->expected(1)
                ->take_all()
                ->allow_extra_args(false);
    }
    auto reversed = arguments;
    std::reverse(reversed.begin(), reversed.end());  // CLI11 takes a vector from its back
    try {
        app.parse(std::move(reversed));
    } catch (const CLI::ParseError& error) {
        mistakes.emplace_back(error.what());
    }
    unknown = app.remaining();
}

}  // namespace

Outcome Command::load(const Sources& sources) {
    Requests requests;
    for (const Request& request : requests_)
        requests.own.emplace(request.name, false);
    Given given;
    std::vector<std::string> unknown;
    std::vector<std::string> mistakes;
    parse_arguments(*this, sources.arguments, requests, given, unknown, mistakes);
    if (requests.help) return {.output = help()};
    if (requests.version) return {.output = fmt::format("{} {}\n", name_, version)};
    if (requests.print_reference) return {.output = reference()};

    bool value_of_unknown = false;
    for (const std::string& token : unknown) {
        const bool is_flag = token.starts_with("-");
        if (is_flag) {
            const auto bare = token.substr(std::min(token.find_first_not_of('-'), token.size()));
            const auto name = bare.substr(0, bare.find('='));
            const auto shown = token.substr(0, token.find('='));  // the value may be a secret
            mistakes.push_back(fmt::format("unknown option \"{}\", {}", shown, suggestion(name)));
        } else if (!value_of_unknown) {
            mistakes.push_back(fmt::format("unexpected argument \"{}\", see --help", token));
        }
        value_of_unknown = is_flag && token.find('=') == std::string::npos;
    }

    const auto from_environment = sources.environment.find("WEIR_CONFIG");
    if (requests.config_file)
        load_file(*requests.config_file, mistakes);
    else if (from_environment != sources.environment.end() && !from_environment->second.empty())
        load_file(from_environment->second, mistakes);
    load_environment(sources, mistakes);
    for (const auto& option : declarations_)
        if (const auto& texts = given[option->name]; !texts.empty())
            apply(*option, "command line", texts, mistakes);
    const auto made = std::find_if(requests.own.begin(), requests.own.end(),
                                   [](const auto& request) { return request.second; });
    if (made == requests.own.end()) {
        check_required(mistakes);
        if (mistakes.empty())
            for (const auto& check : rules_)
                check(mistakes);
    }
    if (requests.connect && !requests.check) mistakes.push_back("--connect needs --check");
    if (!mistakes.empty()) return mistaken(mistakes);
    if (made != requests.own.end()) return {.request = made->first};
    if (requests.print_config) return {.output = print_config()};
    if (requests.check) return check(requests.connect);
    return {.run = true};
}

Outcome Command::check(bool connect) {
    std::vector<std::string> mistakes;
    if (connect) connected_rule_(mistakes);
    if (!mistakes.empty()) return mistaken(mistakes);
    std::vector<std::string> warnings;
    for (const auto& check : warning_rules_)
        check(warnings);
    Outcome outcome{.output = fmt::format("{}: the configuration is valid{}\n", name_,
                                          connect ? " and fits what it names" : "")};
    for (const std::string& text : warnings)
        outcome.errors += fmt::format("{}: warning: {}\n", name_, text);
    return outcome;
}

Outcome Command::mistaken(const std::vector<std::string>& mistakes) const {
    Outcome outcome{.exit_code = 2};
    for (const std::string& text : mistakes)
        outcome.errors += fmt::format("{}: {}\n", name_, text);
    return outcome;
}

}  // namespace weir::config
