// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/types.hpp"

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
    first,     ///< the value with the least event time, of equal ones the one with the least offset
    last,      ///< the value with the greatest event time, then the greatest offset
    /// The value below which Aggregate::percent of the values lie, interpolated between the two
    /// nearest: with the n values sorted, the one at percent / 100 * (n - 1), counted from 0.
    percentile,
    distinct,  ///< how many different values there were; -0.0 is 0.0
};

/// The type of a field's values, which decides the digits of the results.
enum class FieldType : std::uint8_t {
    float64,
    float32,  ///< every value is rounded to a 32-bit float first; arithmetic is in double
    int64,
    string,  ///< for count, first, last and distinct
};

/// One column of the result.
struct Aggregate {
    std::string output;  ///< its name in the result
    Function function = Function::count;
    /// Which of a record's inputs it is about; nothing for count of records.
    std::optional<std::uint32_t> field;
    FieldType type = FieldType::float64;
    double percent = 50;  ///< of Function::percentile: 0 to 100
};

/// How much is kept of a field in one window (or slice) and key for the functions that need every
/// value. Beyond it the result is Output::Kind::beyond: never a guess.
struct Bounds {
    std::uint64_t percentile_values_max = 10'000;
    std::uint64_t distinct_values_max = 10'000;
};

/// A field's value in a record. Numbers are finite: NaN and infinity never get here.
struct Input {
    enum class Kind : std::uint8_t { null, number, integer, text };

    Kind kind = Kind::null;
    union {
        double number = 0;
        std::int64_t integer;
    };
    std::string_view text{};  ///< borrowed for the call that takes the record

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
    static Input of_text(std::string_view value) {
        Input input;
        input.kind = Kind::text;
        input.text = value;
        return input;
    }
};

/// An aggregate's result.
struct Output {
    enum class Kind : std::uint8_t {
        null,
        float64,
        float32,
        int64,
        text,
        beyond,  ///< there were more values than Bounds allow
    };

    Kind kind = Kind::null;
    union {
        double float64 = 0;
        float float32;
        std::int64_t int64;
    };
    std::string_view text{};  ///< borrows the accumulator
};

/// Where a record stands: what first and last go by.
struct At {
    EventTime time{};
    Offset offset{};

    friend auto operator<=>(const At&, const At&) = default;
};

/// The aggregates of a result, compiled to one flat accumulator per window and key.
///
/// Problem: millions of open windows must cost little more than their numbers. The state of all
/// aggregates of a row is a few 64-bit words, shared where two aggregates need the same (mean and
/// sum of one field keep one sum). What does not fit into words (percentiles, distinct values,
/// strings) is memory that a word points to, and must be released.
///
/// Threads: immutable; any thread may use it.
class Aggregates {
public:
    /// Errors: no aggregate, an output name that is empty or occurs twice, a function that needs
    /// a field and has none, arithmetic with strings, one field with two types, a percentile
    /// outside 0 to 100.
    static Result<Aggregates> compile(std::vector<Aggregate> aggregates, const Bounds& bounds = {});

    [[nodiscard]] std::span<const Aggregate> list() const { return aggregates_; }

    /// How many inputs a record must bring: one more than the greatest field index.
    [[nodiscard]] std::size_t inputs() const { return inputs_; }

    /// Words of 64 bits of one accumulator. They may be moved in memory, but not copied.
    [[nodiscard]] std::size_t state_words() const { return words_; }

    /// True when accumulators may own memory; otherwise release() need not be called.
    [[nodiscard]] bool owns_memory() const { return owns_memory_; }

    /// Makes `state` (state_words() long) an accumulator of nothing.
    void reset(std::uint64_t* state) const;

    /// Adds one record's inputs (inputs() long).
    void fold(std::uint64_t* state, std::span<const Input> inputs, const At& at) const;

    /// Adds what `from` has to `state`, as if its records came after those of `state`. Sums are
    /// added as they stand, variances by Chan's method.
    void merge(std::uint64_t* state, const std::uint64_t* from) const;

    /// Writes the results in the order of list(); `records` is how many records were folded.
    void finish(const std::uint64_t* state, std::uint64_t records, std::span<Output> outputs) const;

    /// About how much memory a state owns beside its words.
    [[nodiscard]] std::size_t owned_bytes(const std::uint64_t* state) const;

    /// Gives up what the state owns; it is an accumulator of nothing then.
    void release(std::uint64_t* state) const;

private:
    static constexpr std::uint32_t absent = 0xFFFFFFFF;

    /// The part of an accumulator that belongs to one field: where each of its words is.
    struct Block {
        std::uint32_t field = 0;
        FieldType type = FieldType::float64;
        bool keeps = false;       ///< whether any of first, last, values, distinct is there
        std::uint32_t count = 0;  ///< always there; the others are `absent` when not needed
        std::uint32_t sum = absent;
        std::uint32_t integer_sum = absent;  ///< two words
        std::uint32_t min = absent;
        std::uint32_t max = absent;
        std::uint32_t moments = absent;   ///< mean, and sum of squared differences
        std::uint32_t first = absent;     ///< time, offset, value
        std::uint32_t last = absent;      ///< the same
        std::uint32_t values = absent;    ///< a Values
        std::uint32_t distinct = absent;  ///< a DistinctNumbers or a DistinctTexts
    };

    static std::optional<Error> mistake(const Aggregate& aggregate);
    Block& block_of(const Aggregate& aggregate);
    void reserve_words(Block& block, const Aggregate& aggregate);
    static void fold_number(std::uint64_t* state, const Block& block, double value);
    static void fold_integer(std::uint64_t* state, const Block& block, std::int64_t value);
    void keep(std::uint64_t* state, const Block& block, const Input& input, const At& at) const;
    static void merge_arithmetic(std::uint64_t* state, const std::uint64_t* from,
                                 const Block& block);
    void merge_kept(std::uint64_t* state, const std::uint64_t* from, const Block& block) const;
    static Output finish_one(const std::uint64_t* state, const Block& block,
                             const Aggregate& aggregate);

    std::vector<Aggregate> aggregates_;
    std::vector<std::uint32_t> block_index_;  ///< per aggregate; absent for count of records
    std::vector<Block> blocks_;
    Bounds bounds_;
    std::size_t inputs_ = 0;
    std::uint32_t words_ = 0;
    bool owns_memory_ = false;
};

}  // namespace weir::window
