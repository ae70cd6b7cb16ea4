// SPDX-License-Identifier: Apache-2.0
// What becomes of an accumulator in the end.
#include <cmath>
#include <limits>

#include "base/assert.hpp"
#include "window/aggregates.hpp"
#include "window/kept.hpp"
#include "window/words.hpp"

namespace weir::window {
namespace {

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

Output beyond_output() {
    Output output;
    output.kind = Output::Kind::beyond;
    return output;
}

/// A field's own value: the digits of its type.
Output field_output(const std::uint64_t& word, FieldType type) {
    if (type == FieldType::string) {
        Output output;
        output.kind = Output::Kind::text;
        output.text = *kept<std::string>(word);
        return output;
    }
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

Output percentile_output(const std::uint64_t& word, FieldType type, double percent) {
    if (beyond(word)) return beyond_output();
    const Values& values = *kept<Values>(word);
    return float64_output(type == FieldType::int64 ? percentile_of<std::int64_t>(values, percent)
                                                   : percentile_of<double>(values, percent));
}

Output distinct_output(const std::uint64_t& word, FieldType type) {
    if (beyond(word)) return beyond_output();
    const std::size_t count = type == FieldType::string ? kept<DistinctTexts>(word)->size()
                                                        : kept<DistinctNumbers>(word)->size();
    return int64_output(static_cast<std::int64_t>(count));
}

}  // namespace

void Aggregates::finish(const std::uint64_t* state, std::uint64_t records,
                        std::span<Output> outputs) const {
    WEIR_ASSERT(outputs.size() == aggregates_.size(), "one output per aggregate");
    for (std::size_t i = 0; i < aggregates_.size(); ++i) {
        outputs[i] = block_index_[i] == absent
                         ? int64_output(static_cast<std::int64_t>(records))
                         : finish_one(state, blocks_[block_index_[i]], aggregates_[i]);
    }
}

Output Aggregates::finish_one(const std::uint64_t* state, const Block& block,
                              const Aggregate& aggregate) {
    const std::uint64_t count = state[block.count];
    const Function function = aggregate.function;
    if (function == Function::count) return int64_output(static_cast<std::int64_t>(count));
    if (function == Function::distinct && count == 0) return int64_output(0);
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
        case Function::first: return field_output(state[block.first + 2], block.type);
        case Function::last: return field_output(state[block.last + 2], block.type);
        case Function::percentile:
            return percentile_output(state[block.values], block.type, aggregate.percent);
        case Function::distinct: return distinct_output(state[block.distinct], block.type);
        case Function::count: break;
    }
    return null_output();
}

std::size_t Aggregates::owned_bytes(const std::uint64_t* state) const {
    std::size_t bytes = 0;
    for (const Block& block : blocks_) {
        const bool text = block.type == FieldType::string;
        if (text && block.first != absent)
            bytes += bytes_of_kept<std::string>(state[block.first + 2]);
        if (text && block.last != absent)
            bytes += bytes_of_kept<std::string>(state[block.last + 2]);
        if (block.values != absent) bytes += bytes_of_kept<Values>(state[block.values]);
        if (block.distinct != absent)
            bytes += text ? bytes_of_kept<DistinctTexts>(state[block.distinct])
                          : bytes_of_kept<DistinctNumbers>(state[block.distinct]);
    }
    return bytes;
}

void Aggregates::release(std::uint64_t* state) const {
    if (owns_memory_) {
        for (const Block& block : blocks_) {
            const bool text = block.type == FieldType::string;
            if (text && block.first != absent) Kept<std::string>(state[block.first + 2]).release();
            if (text && block.last != absent) Kept<std::string>(state[block.last + 2]).release();
            if (block.values != absent) Kept<Values>(state[block.values]).release();
            if (block.distinct == absent) continue;
            if (text)
                Kept<DistinctTexts>(state[block.distinct]).release();
            else
                Kept<DistinctNumbers>(state[block.distinct]).release();
        }
    }
    reset(state);
}

}  // namespace weir::window
