// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "json/document.hpp"

namespace weir::jq {

/// What a program may take and give for one record.
struct Limits {
    json::Limits input;  ///< `depth_max` holds for outputs, too
    std::size_t outputs_max = 1000;
    std::size_t bytes_max = 1U << 20;  ///< of all outputs together
};

/// Why a record has no outputs.
struct Failure {
    enum class Kind : std::uint8_t {
        not_an_object,  ///< the record, as json::Document reads it
        failed,         ///< the program ended with an error, or with an output that is too deep
        too_many,       ///< more than `outputs_max`
        too_large,      ///< more than `bytes_max`
    };
    Kind kind;
    std::string message;
};

/// A jq program (https://jqlang.org/manual/v1.6/) as a function of one record: a JSON object in,
/// any number of JSON values out, in the order the program gives them.
///
/// Problem: jq is a program for a terminal. It takes what is almost JSON, reads more of its input
/// when it is told to, and ends the process with `halt`; for a record there is one object, and
/// either all that is made of it or one error.
///
/// - An output that is the record itself, as `select(…)` gives it, has the record's bytes. In any
///   other the members keep the order in which the program made them, and numbers are as libjq
///   writes them: 1.6 (Debian 12) writes the shortest digits of the nearest double, so 1.50 becomes
///   1.5 and integers beyond 2^53 lose digits; 1.7 (Debian 13) keeps the digits of numbers that it
///   only passed on. NaN becomes null, an infinity the largest double.
/// - `input` fails and `inputs` is empty; `halt` and `halt_error` fail as `error` does; `debug` and
///   `stderr` write nothing; `import` and `include` are refused. As in jq itself, `env` and `$ENV`
///   have the process's environment, and the definitions of a file ~/.jq hold: whoever writes the
///   program runs the service.
///
/// Limits:  neither time nor memory: a program that does not end stops its thread; memory that
///          cannot be had ends the process, and so do libjq's assertions in odd corners (in 1.6, a
///          slice that ends at NaN).
/// Threads: one at a time, any; programs share nothing. What libjq keeps for each thread is safe as
///          Debian builds it, not in every build of 1.6 (jqlang/jq 2545).
class Program {
public:
    /// `variables`: names, without `$`, that have another value for each record. Errors: one line
    /// with all that jq said.
    static Result<Program> compile(std::string_view text,
                                   const std::vector<std::string>& variables = {},
                                   const Limits& limits = {});
    Program(Program&&) noexcept;
    Program& operator=(Program&&) noexcept;
    ~Program();

    /// Appends the outputs for `record` to `outputs`, or nothing after a failure. `values`: JSON,
    /// one for each variable. A failure does nothing to the records after it.
    Result<void, Failure> run(std::string_view record, std::span<const std::string_view> values,
                              std::vector<std::string>& outputs);

private:
    class State;
    explicit Program(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace weir::jq
