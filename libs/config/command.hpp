// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/codec.hpp"

namespace weir::config {

/// One option as every reader of it sees it (parser, help, documentation), whatever its type.
struct Declaration {
    std::string name;     ///< kebab-case; the flag is --name, the environment WEIR_NAME
    std::string help;     ///< one or more full sentences
    std::string section;  ///< heading in the help
    std::string metavar;
    bool required = false;
    std::function<bool()> required_if;  ///< asked when all values are set; empty: never
    bool secret = false;    ///< never printed; may be read from the file WEIR_NAME_FILE names
    bool repeated = false;  ///< may be given several times
    bool flag = false;      ///< needs no value on the command line
    std::string source = "default";

    virtual ~Declaration() = default;
    /// Takes the texts of one source; a later call replaces what an earlier one set.
    virtual Result<void> set(const std::vector<std::string>& texts) = 0;
    /// The present value, one text per occurrence.
    [[nodiscard]] virtual std::vector<std::string> get() const = 0;
};

template <typename T>
struct TypedDeclaration final : Declaration {
    T* target = nullptr;
    std::vector<std::function<Result<void>(const T&)>> checks;

    Result<void> set(const std::vector<std::string>& texts) override {
        auto value = Codec<T>::parse(texts.back());
        if (!value) return value.error();
        for (const auto& check : checks)
            if (auto outcome = check(*value); !outcome) return outcome;
        *target = std::move(*value);
        return {};
    }
    [[nodiscard]] std::vector<std::string> get() const override {
        return {Codec<T>::format(*target)};
    }
};

template <typename T>
struct TypedDeclaration<std::vector<T>> final : Declaration {
    std::vector<T>* target = nullptr;
    std::vector<std::function<Result<void>(const T&)>> checks;

    Result<void> set(const std::vector<std::string>& texts) override {
        std::vector<T> values;
        for (const std::string& text : texts) {
            auto value = Codec<T>::parse(text);
            if (!value) return value.error();
            for (const auto& check : checks)
                if (auto outcome = check(*value); !outcome) return outcome;
            values.push_back(std::move(*value));
        }
        *target = std::move(values);
        return {};
    }
    [[nodiscard]] std::vector<std::string> get() const override {
        std::vector<std::string> texts;
        for (const T& value : *target)
            texts.push_back(Codec<T>::format(value));
        return texts;
    }
};

template <typename T>
struct Element {
    using type = T;
};
template <typename T>
struct Element<std::vector<T>> {
    using type = T;
};

/// What a value that may be empty holds.
template <typename T>
struct Held {
    using type = T;
};
template <typename T>
struct Held<std::optional<T>> {
    using type = T;
};

/// The fluent end of a declaration: `command.option("window", …).range(1ms, 366d)`.
template <typename T>
class Option {
public:
    using Value = typename Element<T>::type;
    using Bound = typename Held<Value>::type;

    explicit Option(TypedDeclaration<T>& declaration) : declaration_(declaration) {}

    Option& metavar(std::string_view text) {
        declaration_.metavar = text;
        return *this;
    }
    /// The option must be given a non-empty value by some source.
    Option& required() {
        declaration_.required = true;
        return *this;
    }
    /// The same while `condition`, asked when all values are set, says so; the help says when.
    Option& required_if(std::function<bool()> condition) {
        declaration_.required_if = std::move(condition);
        return *this;
    }
    Option& secret() {
        declaration_.secret = true;
        return *this;
    }
    /// Both ends belong to the range; a value may be empty if its type says so.
    Option& range(Bound low, Bound high) {
        return check([low, high](const Value& value) -> Result<void> {
            const std::optional<Bound> given(value);
            if (!given || (low <= *given && *given <= high)) return {};
            return Error{fmt::format("expected {} to {}, got {}", Codec<Bound>::format(low),
                                     Codec<Bound>::format(high), Codec<Bound>::format(*given))};
        });
    }
    /// A rule about one value; the error says what was expected and got.
    Option& check(std::function<Result<void>(const Value&)> rule) {
        declaration_.checks.push_back(std::move(rule));
        return *this;
    }

private:
    TypedDeclaration<T>& declaration_;
};

/// Where option values come from, in rising order of precedence: file, environment, arguments.
struct Sources {
    std::vector<std::string> arguments;              ///< without the program's name
    std::map<std::string, std::string> environment;  ///< all variables; only WEIR_… are read
};

/// The sources of a running program.
Sources process_sources(int argc, const char* const* argv);

/// What loading came to: go on, or print and leave.
struct Outcome {
    bool run = false;
    std::string request;  ///< the one of Command::request() that was made; nothing to print then
    int exit_code = 0;
    std::string output;  ///< for standard output
    std::string errors;  ///< for standard error, one line per mistake or warning

    /// Writes both texts. Returns the exit code: 1 when what was asked for could not be written.
    [[nodiscard]] int print() const;
};

/// The options of one program, each declared once: from the declaration come the parser, the
/// environment name, the file key, `--help`, `--check`, `--print-config` and the reference page.
///
/// Problem: a service that stops at its first configuration mistake, or finds it an hour later,
/// costs its operator a restart per mistake. Loading touches no network, reports every mistake at
/// once with the name, the value and where it came from, and refuses unknown names (but for
/// variables of the environment, which services share). Of a flag given twice the last one counts.
///
/// Lifetime: the targets of the options must outlive the command.
/// Threads:  one.
class Command {
public:
    /// `summary` is one sentence saying what the program does.
    Command(std::string name, std::string summary);

    /// The options declared from here on appear under this heading.
    void section(std::string title) { section_ = std::move(title); }

    /// Declares an option; `target` holds the default until load() replaces it. A std::vector may
    /// be given several times (in the environment: separated by ";" or line ends).
    template <typename T>
    Option<T> option(std::string_view name, T& target, std::string_view help) {
        auto declaration = std::make_unique<TypedDeclaration<T>>();
        declaration->name = name;
        declaration->help = help;
        declaration->section = section_;
        declaration->metavar = Codec<typename Element<T>::type>::metavar();
        declaration->repeated = !std::is_same_v<T, typename Element<T>::type>;
        declaration->flag = std::is_same_v<T, bool>;
        declaration->target = &target;
        Option<T> handle(*declaration);
        add(std::move(declaration));
        return handle;
    }

    /// Keys of the file that are another program's, with which it is shared: they mean nothing
    /// here.
    void foreign(std::vector<std::string> keys);

    /// A rule across options, run when every single value is good. It adds one sentence per
    /// mistake, naming the options, both values and the fix.
    void rule(std::function<void(std::vector<std::string>& mistakes)> check);

    /// What works, and perhaps not for long: `--check` prints each sentence and finds the
    /// configuration valid. The program itself says it at its start.
    void warning_rule(std::function<void(std::vector<std::string>& warnings)> check);

    /// What `--check --connect` does once the options are good: it looks at the world they name,
    /// and adds one sentence per mistake. Without it there is no --connect. The only thing in
    /// load() that may touch a network.
    void connected_rule(std::function<void(std::vector<std::string>& mistakes)> check);

    /// A flag that asks for something else than running. When it is given, required options may
    /// be missing and rules are not looked at: the asker may know a part of the options only.
    void request(std::string name, std::string help);

    /// An example for the end of the help: a command line and what it does.
    void example(std::string command_line, std::string text);

    /// Reads all sources. Exit codes: 0 after --help and its like, 2 for any mistake.
    Outcome load(const Sources& sources);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const std::string& summary() const { return summary_; }
    [[nodiscard]] const std::vector<std::unique_ptr<Declaration>>& declarations() const {
        return declarations_;
    }

    [[nodiscard]] bool can_connect() const { return static_cast<bool>(connected_rule_); }
    [[nodiscard]] std::string help() const;
    /// The reference page of this program in Markdown.
    [[nodiscard]] std::string reference() const;
    /// The values in force as a TOML file with secrets left out.
    [[nodiscard]] std::string print_config() const;

private:
    struct Example {
        std::string command_line;
        std::string text;
    };
    struct Request {
        std::string name;
        std::string help;
    };

    void add(std::unique_ptr<Declaration> declaration);
    void load_file(const std::string& path, std::vector<std::string>& mistakes);
    void load_environment(const Sources& sources, std::vector<std::string>& mistakes);
    void check_required(std::vector<std::string>& mistakes) const;
    [[nodiscard]] Outcome mistaken(const std::vector<std::string>& mistakes) const;
    Outcome check(bool connect);
    [[nodiscard]] Declaration* find(std::string_view name) const;
    [[nodiscard]] std::string suggestion(std::string_view name) const;

    std::string name_;
    std::string summary_;
    std::string section_ = "Options";
    std::vector<std::unique_ptr<Declaration>> declarations_;
    std::vector<std::string> foreign_;
    std::vector<std::function<void(std::vector<std::string>&)>> rules_;
    std::vector<std::function<void(std::vector<std::string>&)>> warning_rules_;
    std::function<void(std::vector<std::string>&)> connected_rule_;  ///< empty: no --connect
    std::vector<Example> examples_;
    std::vector<Request> requests_;
};

/// The name an option has in the environment: `dead-letter` is WEIR_DEAD_LETTER.
std::string environment_name(std::string_view option);

}  // namespace weir::config
