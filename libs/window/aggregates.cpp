// SPDX-License-Identifier: Apache-2.0
#include "window/aggregates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string_view>

namespace weir::window {
namespace {

__extension__ using Int128 = __int128;
using Words = std::array<std::uint64_t, 2>;

double as_double(std::uint64_t word) { return std::bit_cast<double>(word); }
std::uint64_t as_word(double value) { return std::bit_cast<std::uint64_t>(value); }
std::int64_t as_integer(std::uint64_t word) { return std::bit_cast<std::int64_t>(word); }
std::uint64_t as_word(std::int64_t value) { return std::bit_cast<std::uint64_t>(value); }

Int128 wide(const std::uint64_t* state) { return std::bit_cast<Int128>(Words{state[0], state[1]}); }

std::string_view name(Function function) {
    constexpr std::array<std::string_view, 7> names{"count", "sum",      "mean",  "min",
                                                    "max",   "variance", "stddev"};
    return names[static_cast<std::size_t>(function)];
}

Output null_output() { return {}; }

Output float64_output(double value) {
    Output output;
    output.kind = Output::Kind::float64;
    output.float64 = value;
    return output;
}

Output int64_output(std::int64_t value) {
    Output output;
    output.kind = Output::Kind::int64;
    output.int64 = value;
    return output;
}

/// A field's own value: the digits of its type.
Output field_output(std::uint64_t word, FieldType type) {
    if (type == FieldType::int64) return int64_output(as_integer(word));
    if (type == FieldType::float64) return float64_output(as_double(word));
    Output output;
    output.kind = Output::Kind::float32;
    output.float32 = static_cast<float>(as_double(word));
    return output;
}

Output integer_sum_output(const std::uint64_t* state) {
    const Int128 sum = wide(state);
    constexpr auto min = std::numeric_limits<std::int64_t>::min();
    constexpr auto max = std::numeric_limits<std::int64_t>::max();
    if (sum >= min && sum <= max) return int64_output(static_cast<std::int64_t>(sum));
    return float64_output(static_cast<double>(sum));
}

}  // namespace

Result<Aggregates> Aggregates::compile(std::vector<Aggregate> list) {
    Aggregates compiled;
    compiled.aggregates_ = std::move(list);
    if (compiled.aggregates_.empty()) return Error{"expected at least one aggregate, got none"};
    for (std::size_t i = 0; i < compiled.aggregates_.size(); ++i) {
        const Aggregate& aggregate = compiled.aggregates_[i];
        if (aggregate.output.empty())
            return Error{
                fmt::format("the aggregate {}() has no output name", name(aggregate.function))};
        for (std::size_t j = 0; j < i; ++j)
            if (compiled.aggregates_[j].output == aggregate.output)
                return Error{
                    fmt::format("two aggregates have the output name \"{}\"", aggregate.output)};
        if (!aggregate.field && aggregate.function != Function::count)
            return Error{
                fmt::format("{}: {} needs a field", aggregate.output, name(aggregate.function))};
        if (aggregate.type == FieldType::string && aggregate.function != Function::count)
            return Error{fmt::format("{}: expected a numeric field for {}, got a string",
                                     aggregate.output, name(aggregate.function))};
        if (!aggregate.field) {
            compiled.block_index_.push_back(absent);
            continue;
        }
        Block& block = compiled.block_of(aggregate);
        if (block.type != aggregate.type)
            return Error{fmt::format("{}: the field has another type in another aggregate",
                                     aggregate.output)};
        compiled.reserve_words(block, aggregate);
        compiled.block_index_.push_back(
            static_cast<std::uint32_t>(&block - compiled.blocks_.data()));
        compiled.inputs_ = std::max(compiled.inputs_, std::size_t{*aggregate.field} + 1);
    }
    return compiled;
}

Aggregates::Block& Aggregates::block_of(const Aggregate& aggregate) {
    for (Block& block : blocks_)
        if (block.field == *aggregate.field) return block;
    Block block;
    block.field = *aggregate.field;
    block.type = aggregate.type;
    block.count = words_++;
    return blocks_.emplace_back(block);
}

void Aggregates::reserve_words(Block& block, const Aggregate& aggregate) {
    const auto reserve = [this](std::uint32_t& where, std::uint32_t words) {
        if (where != absent) return;
        where = words_;
        words_ += words;
    };
    switch (aggregate.function) {
        case Function::count: break;
        case Function::sum:
            if (block.type == FieldType::int64)
                reserve(block.integer_sum, 2);
            else
                reserve(block.sum, 1);
            break;
        case Function::mean: reserve(block.sum, 1); break;
        case Function::min: reserve(block.min, 1); break;
        case Function::max: reserve(block.max, 1); break;
        case Function::variance:
        case Function::stddev: reserve(block.moments, 2); break;
    }
}

void Aggregates::reset(std::uint64_t* state) const { std::fill_n(state, words_, 0); }

void Aggregates::fold(std::uint64_t* state, std::span<const Input> inputs) const {
    WEIR_ASSERT(inputs.size() >= inputs_, "a record brought fewer inputs than the aggregates need");
    for (const Block& block : blocks_) {
        const Input& input = inputs[block.field];
        if (input.kind == Input::Kind::null) continue;
        ++state[block.count];
        switch (block.type) {
            case FieldType::string: break;
            case FieldType::int64:
                WEIR_ASSERT(input.kind == Input::Kind::integer, "an int64 field got another input");
                fold_integer(state, block, input.integer);
                break;
            case FieldType::float32:
            case FieldType::float64: {
                WEIR_ASSERT(input.kind == Input::Kind::number, "a number field got another input");
                const double value = block.type == FieldType::float64
                                         ? input.number
                                         : double{static_cast<float>(input.number)};
                WEIR_ASSERT(std::isfinite(value), "NaN and infinity never get into a window");
                fold_number(state, block, value);
                break;
            }
        }
    }
}

void Aggregates::fold_number(std::uint64_t* state, const Block& block, double value) {
    const bool first = state[block.count] == 1;
    if (block.sum != absent) state[block.sum] = as_word(as_double(state[block.sum]) + value);
    if (block.min != absent && (first || value < as_double(state[block.min])))
        state[block.min] = as_word(value);
    if (block.max != absent && (first || value > as_double(state[block.max])))
        state[block.max] = as_word(value);
    if (block.moments != absent) {
        // Welford: the running mean, and the sum of squared differences from it.
        std::uint64_t* const moments = state + block.moments;
        const double mean = as_double(moments[0]);
        const double difference = value - mean;
        const double moved = mean + difference / static_cast<double>(state[block.count]);
        moments[0] = as_word(moved);
        moments[1] = as_word(as_double(moments[1]) + difference * (value - moved));
    }
}

void Aggregates::fold_integer(std::uint64_t* state, const Block& block, std::int64_t value) {
    const bool first = state[block.count] == 1;
    if (block.integer_sum != absent) {
        std::uint64_t* const sum = state + block.integer_sum;
        const auto words = std::bit_cast<Words>(wide(sum) + value);
        sum[0] = words[0];
        sum[1] = words[1];
    }
    if (block.min != absent && (first || value < as_integer(state[block.min])))
        state[block.min] = as_word(value);
    if (block.max != absent && (first || value > as_integer(state[block.max])))
        state[block.max] = as_word(value);
    Block in_double;
    in_double.count = block.count;
    in_double.sum = block.sum;
    in_double.moments = block.moments;
    fold_number(state, in_double, static_cast<double>(value));
}

void Aggregates::finish(const std::uint64_t* state, std::uint64_t records,
                        std::span<Output> outputs) const {
    WEIR_ASSERT(outputs.size() == aggregates_.size(), "one output per aggregate");
    for (std::size_t i = 0; i < aggregates_.size(); ++i) {
        outputs[i] = block_index_[i] == absent
                         ? int64_output(static_cast<std::int64_t>(records))
                         : finish_one(state, blocks_[block_index_[i]], aggregates_[i].function);
    }
}

Output Aggregates::finish_one(const std::uint64_t* state, const Block& block, Function function) {
    const std::uint64_t count = state[block.count];
    if (function == Function::count) return int64_output(static_cast<std::int64_t>(count));
    if (count == 0) return null_output();
    switch (function) {
        case Function::sum:
            return block.type == FieldType::int64 ? integer_sum_output(state + block.integer_sum)
                                                  : float64_output(as_double(state[block.sum]));
        case Function::mean:
            return float64_output(as_double(state[block.sum]) / static_cast<double>(count));
        case Function::min: return field_output(state[block.min], block.type);
        case Function::max: return field_output(state[block.max], block.type);
        case Function::variance:
        case Function::stddev: {
            if (count == 1) return null_output();
            const double variance =
                as_double(state[block.moments + 1]) / static_cast<double>(count - 1);
            return float64_output(function == Function::variance ? variance : std::sqrt(variance));
        }
        case Function::count: break;
    }
    return null_output();
}

}  // namespace weir::window
