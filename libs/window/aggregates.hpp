// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace weir::window {

/// What is computed over the values of a field in a window. A record whose field is null or absent
/// does not take part; where no record took part, count is 0 and everything else is null.
enum class Function : std::uint8_t {
    count,     ///< how many values there were; without a field, how many records
    sum,       ///< in double, in offset order; of int64 exactly, a double beyond 64 bits
    mean,      ///< sum in double, in offset order, divided in double
    min,       ///< in the field's own type
    max,       ///< in the field's own type
    variance,  ///< of the sample (n - 1), by Welford's method; of a single value null
    stddev,    ///< the square root of variance
};

/// The type of a field's values, which decides the digits of the results.
enum class FieldType : std::uint8_t {
    float64,
    float32,  ///< every value is rounded to a 32-bit float first; arithmetic is in double
    int64,
    string,  ///< can only be counted
};

/// One column of the result.
struct Aggregate {
    std::string output;  ///< its name in the result
    Function function = Function::count;
    /// Which of a record's inputs it is about; nothing for count of records.
    std::optional<std::uint32_t> field;
    FieldType type = FieldType::float64;
};

/// A field's value in a record. Numbers are finite: NaN and infinity never get here.
struct Input {
    enum class Kind : std::uint8_t { null, number, integer, text };

    Kind kind = Kind::null;
    union {
        double number = 0;
        std::int64_t integer;
    };

    static Input null() { return {}; }
    static Input of_number(double value) {
        Input input;
        input.kind = Kind::number;
        input.number = value;
        return input;
    }
    static Input of_integer(std::int64_t value) {
        Input input;
        input.kind = Kind::integer;
        input.integer = value;
        return input;
    }
    /// A string: present, and nothing more is asked of it.
    static Input of_text() {
        Input input;
        input.kind = Kind::text;
        return input;
    }
};

/// An aggregate's result.
struct Output {
    enum class Kind : std::uint8_t { null, float64, float32, int64 };

    Kind kind = Kind::null;
    union {
        double float64 = 0;
        float float32;
        std::int64_t int64;
    };
};

/// The aggregates of a result, compiled to one flat accumulator per window and key.
///
/// Problem: millions of open windows must cost little more than their numbers. The state of all
/// aggregates of a row is a few 64-bit words without pointers, shared where two aggregates need
/// the same (mean and sum of one field keep one sum).
///
/// Threads: immutable; any thread may use it.
class Aggregates {
public:
    /// Errors: no aggregate, an output name that is empty or occurs twice, a function that needs
    /// a field and has none, anything but count of strings, one field with two types.
    static Result<Aggregates> compile(std::vector<Aggregate> aggregates);

    [[nodiscard]] std::span<const Aggregate> list() const { return aggregates_; }

    /// How many inputs a record must bring: one more than the greatest field index.
    [[nodiscard]] std::size_t inputs() const { return inputs_; }

    /// Words of 64 bits of one accumulator.
    [[nodiscard]] std::size_t state_words() const { return words_; }

    /// Makes `state` (state_words() long) an accumulator of nothing.
    void reset(std::uint64_t* state) const;

    /// Adds one record's inputs (inputs() long).
    void fold(std::uint64_t* state, std::span<const Input> inputs) const;

    /// Writes the results in the order of list(); `records` is how many records were folded.
    void finish(const std::uint64_t* state, std::uint64_t records, std::span<Output> outputs) const;

private:
    /// The part of an accumulator that belongs to one field: where each of its words is.
    struct Block {
        std::uint32_t field = 0;
        FieldType type = FieldType::float64;
        std::uint32_t count = 0;  ///< always there; the others are `absent` when not needed
        std::uint32_t sum = absent;
        std::uint32_t integer_sum = absent;  ///< two words
        std::uint32_t min = absent;
        std::uint32_t max = absent;
        std::uint32_t moments = absent;  ///< mean, and sum of squared differences
    };

    static constexpr std::uint32_t absent = 0xFFFFFFFF;

    Block& block_of(const Aggregate& aggregate);
    void reserve_words(Block& block, const Aggregate& aggregate);
    static void fold_number(std::uint64_t* state, const Block& block, double value);
    static void fold_integer(std::uint64_t* state, const Block& block, std::int64_t value);
    static Output finish_one(const std::uint64_t* state, const Block& block, Function function);

    std::vector<Aggregate> aggregates_;
    std::vector<std::uint32_t> block_index_;  ///< per aggregate; absent for count of records
    std::vector<Block> blocks_;
    std::size_t inputs_ = 0;
    std::uint32_t words_ = 0;
};

}  // namespace weir::window
