// SPDX-License-Identifier: Apache-2.0
#include "jq/program.hpp"

#include <fmt/format.h>

extern "C" {  // which the headers of 1.6 do not say themselves
#include <jq.h>
#include <jv.h>
}

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "json/extractor.hpp"

namespace weir::jq {
namespace {

constexpr std::size_t message_bytes_max = 500;

/// A libjq value with its reference. libjq's functions take the reference of what they are given:
/// give() hands ours over, copy() another one.
class Jv {
public:
    explicit Jv(jv value) : value_(value) {}
    Jv(Jv&& other) noexcept : value_(std::exchange(other.value_, jv_invalid())) {}
    Jv& operator=(Jv&& other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }
    ~Jv() { jv_free(value_); }

    [[nodiscard]] jv copy() const { return jv_copy(value_); }
    [[nodiscard]] jv give() { return std::exchange(value_, jv_invalid()); }
    [[nodiscard]] jv_kind kind() const { return jv_get_kind(value_); }
    [[nodiscard]] bool valid() const { return kind() != JV_KIND_INVALID; }

    /// Of a string; valid as long as this.
    [[nodiscard]] std::string_view text() const {
        return {jv_string_value(value_), static_cast<std::size_t>(jv_string_length_bytes(copy()))};
    }

private:
    jv value_;
};

Jv string_of(std::string_view text) {
    return Jv(jv_string_sized(text.data(), static_cast<int>(text.size())));
}

/// `json` has been checked, or is ours.
Jv parse(std::string_view json) {
    // Not jv_parse_sized(), which after an error reads on to a zero byte.
    jv_parser* const parser = jv_parser_new(0);
    jv_parser_set_buf(parser, json.data(), static_cast<int>(json.size()), 0);
    Jv value(jv_parser_next(parser));
    jv_parser_free(parser);
    return value;
}

/// What jq said, in one line of bounded length.
std::string one_line(std::string_view text) {
    std::string line;
    bool space = false;
    for (const char character : text) {
        if (character == ' ' || character == '\n') {
            space = !line.empty();
            continue;
        }
        if (std::exchange(space, false)) line += ' ';
        line += character;
    }
    if (line.size() <= message_bytes_max) return line;
    std::size_t end = message_bytes_max;
    while ((static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80)
        --end;  // not within a character
    return line.substr(0, end) + "…";
}

/// The message of an error that no program caught; it may be any value.
std::string message_of(Jv error) {
    Jv message(jv_invalid_get_msg(error.give()));
    if (message.kind() != JV_KIND_STRING) message = Jv(jv_dump_string(message.give(), 0));
    return one_line(message.text());
}

bool is_deeper(std::string_view json, int depth_max) {
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char character = json[i];
        if (in_string) {
            if (character == '\\') ++i;
            in_string = character != '"';
        } else if (character == '"') {
            in_string = true;
        } else if (character == '{' || character == '[') {
            if (++depth > depth_max) return true;
        } else if (character == '}' || character == ']') {
            --depth;
        }
    }
    return false;
}

/// The program as it is run, on an array of the record and the variables' values.
///
/// libjq's own `halt` would leave a state that must not be used again: the next record frees the
/// message a second time.
std::string wrapped(std::string_view text, const std::vector<std::string>& variables) {
    std::string program =
        "def halt: error(\"halt\"); def halt_error: error(.); def halt_error(f): error(.); "
        "def stderr: .; . as [$__record";
    for (const std::string& name : variables)
        program += ", $" + name;
    return fmt::format("{}] | $__record | ({}\n)", program, text);
}

}  // namespace

class Program::State {
public:
    State(const Limits& limits, std::vector<bool> needed)
        : limits_(limits), needed_(std::move(needed)), check_({}, limits.input), jq_(jq_init()) {
        WEIR_ASSERT(jq_ != nullptr, "libjq has its few bytes");
        jq_set_error_cb(jq_, &note, &said_);
        // 1.6 leaves these two as it finds them.
        jq_set_debug_cb(jq_, nullptr, nullptr);
        jq_set_nomem_handler(jq_, nullptr, nullptr);
        jq_set_input_cb(
            jq_, [](jq_state*, void*) { return jv_invalid(); }, nullptr);
        // libjq takes these for granted once a program names a module.
        jq_set_attr(jq_, jv_string("JQ_LIBRARY_PATH"), jv_array());
        jq_set_attr(jq_, jv_string("JQ_ORIGIN"), jv_string("/"));
        jq_set_attr(jq_, jv_string("PROGRAM_ORIGIN"), jv_string("/"));
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { jq_teardown(&jq_); }

    /// `globals`: an object of variables that have one value for good.
    Result<void> compile(const std::string& text, Jv globals) {
        said_.clear();
        if (jq_compile_args(jq_, text.c_str(), globals.give()) != 0) return {};
        return Error{"not a jq program: " + one_line(said_)};
    }

    Result<void, Failure> run(std::string_view record, std::span<const std::string_view> values,
                              std::vector<std::string>& outputs) {
        WEIR_ASSERT(values.size() == needed_.size(), "a jq program has a value for each variable");
        if (const auto checked = check_.extract(record); !checked)
            return Failure{Failure::Kind::not_an_object, checked.error().message};
        const Jv input = parse(record);
        if (!input.valid()) return Failure{Failure::Kind::not_an_object, "libjq cannot read it"};
        Jv all(jv_array_append(jv_array(), input.copy()));
        for (std::size_t i = 0; i < values.size(); ++i)
            all = Jv(jv_array_append(all.give(), needed_[i] ? parse(values[i]).give() : jv_null()));
        jq_start(jq_, all.give(), 0);
        const std::size_t before = outputs.size();
        auto outcome = take(record, input, outputs);
        if (!outcome) outputs.resize(before);
        return outcome;
    }

private:
    static void note(void* said, jv message) {
        const Jv text(jq_format_error(message));
        if (text.kind() != JV_KIND_STRING) return;
        std::string_view words = text.text();
        if (words.ends_with("compile error") || words.ends_with("compile errors")) return;
        constexpr std::string_view beginning = "jq: error: ";
        if (words.starts_with(beginning)) words.remove_prefix(beginning.size());
        auto& all = *static_cast<std::string*>(said);
        all += fmt::format("{}{}", all.empty() ? "" : "; ", words);
    }

    Result<void, Failure> take(std::string_view record, const Jv& input,
                               std::vector<std::string>& outputs) {
        std::size_t count = 0;
        std::size_t bytes = 0;
        for (;;) {
            Jv output(jq_next(jq_));
            if (!output.valid()) {
                if (jv_invalid_has_msg(output.copy()) == 0) return {};
                return Failure{Failure::Kind::failed, message_of(std::move(output))};
            }
            if (++count > limits_.outputs_max)
                return Failure{Failure::Kind::too_many,
                               fmt::format("it gave more than {} values", limits_.outputs_max)};
            if (jv_identical(output.copy(), input.copy()) != 0) {
                outputs.emplace_back(record);
            } else {
                const Jv text(jv_dump_string(output.give(), 0));
                outputs.emplace_back(text.text());
            }
            bytes += outputs.back().size();
            if (bytes > limits_.bytes_max)
                return Failure{Failure::Kind::too_large,
                               fmt::format("it gave more than {} bytes", limits_.bytes_max)};
            if (is_deeper(outputs.back(), limits_.input.depth_max))
                return Failure{Failure::Kind::failed,
                               fmt::format("it gave a value nested deeper than {} levels",
                                           limits_.input.depth_max)};
        }
    }

    const Limits limits_;
    const std::vector<bool> needed_;  ///< variables that the program's text names
    json::Extractor check_;
    std::string said_;
    jq_state* jq_;
};

Program::Program(std::unique_ptr<State> state) : state_(std::move(state)) {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

Result<Program> Program::compile(std::string_view text, const std::vector<std::string>& variables,
                                 const Limits& limits) {
    if (text.find('\0') != std::string_view::npos)
        return Error{"not a jq program: there is a zero byte in it"};
    std::vector<bool> needed;
    Jv globals(jv_object());
    for (const std::string& name : variables) {
        needed.push_back(text.find(name) != std::string_view::npos);
        globals = Jv(jv_object_set(globals.give(), string_of(name).give(), jv_null()));
    }
    auto state = std::make_unique<State>(limits, std::move(needed));
    // By itself first: what is wrong is said of the text the user knows.
    if (auto alone = state->compile(std::string(text), std::move(globals)); !alone)
        return alone.error();
    if (!state->compile(wrapped(text, variables), Jv(jv_object())))
        return Error{"not a jq program: expected an expression, without import and include"};
    return Program(std::move(state));
}

Result<void, Failure> Program::run(std::string_view record,
                                   std::span<const std::string_view> values,
                                   std::vector<std::string>& outputs) {
    return state_->run(record, values, outputs);
}

}  // namespace weir::jq
