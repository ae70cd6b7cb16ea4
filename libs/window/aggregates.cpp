// SPDX-License-Identifier: Apache-2.0
#include "window/aggregates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string_view>

#include "base/assert.hpp"
#include "window/kept.hpp"
#include "window/words.hpp"

namespace weir::window {
namespace {

std::string_view name(Function function) {
    constexpr std::array<std::string_view, 11> names{"count", "sum",        "mean",    "min",
                                                     "max",   "variance",   "stddev",  "first",
                                                     "last",  "percentile", "distinct"};
    return names[static_cast<std::size_t>(function)];
}

bool arithmetic(Function function) {
    return function != Function::count && function != Function::first &&
           function != Function::last && function != Function::distinct;
}

}  // namespace

std::optional<Error> Aggregates::mistake(const Aggregate& aggregate) {
    const auto& [output, function, field, type, percent] = aggregate;
    if (output.empty())
        return Error{fmt::format("the aggregate {}() has no output name", name(function))};
    if (!field && function != Function::count)
        return Error{fmt::format("{}: {} needs a field", output, name(function))};
    if (type == FieldType::string && arithmetic(function))
        return Error{fmt::format("{}: expected a numeric field for {}, got a string", output,
                                 name(function))};
    if (function == Function::percentile && !(percent >= 0 && percent <= 100))
        return Error{
            fmt::format("{}: expected a percentile from 0 to 100, got {}", output, percent)};
    return std::nullopt;
}

Result<Aggregates> Aggregates::compile(std::vector<Aggregate> list, const Bounds& bounds) {
    Aggregates compiled;
    compiled.aggregates_ = std::move(list);
    compiled.bounds_ = bounds;
    if (compiled.aggregates_.empty()) return Error{"expected at least one aggregate, got none"};
    for (std::size_t i = 0; i < compiled.aggregates_.size(); ++i) {
        const Aggregate& aggregate = compiled.aggregates_[i];
        if (auto wrong = mistake(aggregate)) return *wrong;
        for (std::size_t j = 0; j < i; ++j)
            if (compiled.aggregates_[j].output == aggregate.output)
                return Error{
                    fmt::format("two aggregates have the output name \"{}\"", aggregate.output)};
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
        case Function::first: reserve(block.first, 3); break;
        case Function::last: reserve(block.last, 3); break;
        case Function::percentile: reserve(block.values, 1); break;
        case Function::distinct: reserve(block.distinct, 1); break;
    }
    block.keeps = block.first != absent || block.last != absent || block.values != absent ||
                  block.distinct != absent;
    owns_memory_ = owns_memory_ || block.values != absent || block.distinct != absent ||
                   (block.keeps && block.type == FieldType::string);
}

void Aggregates::reset(std::uint64_t* state) const { std::fill_n(state, words_, 0); }

void Aggregates::fold(std::uint64_t* state, std::span<const Input> inputs, const At& at) const {
    WEIR_ASSERT(inputs.size() >= inputs_, "a record brought fewer inputs than the aggregates need");
    for (const Block& block : blocks_) {
        const Input& input = inputs[block.field];
        if (input.kind == Input::Kind::null) continue;
        ++state[block.count];
        switch (block.type) {
            case FieldType::string:
                WEIR_ASSERT(input.kind == Input::Kind::text, "a string field got another input");
                break;
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
        if (block.keeps) keep(state, block, input, at);
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

namespace {

/// A number as the word that is kept of it.
std::uint64_t word_of(const Input& input, FieldType type) {
    if (type == FieldType::int64) return as_word(input.integer);
    if (type == FieldType::float32) return as_word(double{static_cast<float>(input.number)});
    return as_word(input.number);
}

/// Equal numbers are equal words.
std::uint64_t canonical(std::uint64_t word, FieldType type) {
    return type != FieldType::int64 && as_double(word) == 0 ? 0 : word;
}

At at_of(const std::uint64_t* words) {
    return {EventTime{EventTime::duration{as_integer(words[0])}}, Offset{as_integer(words[1])}};
}

/// `place` is the three words of a first or last.
void put_value(std::uint64_t* place, const At& at, const std::uint64_t& value, FieldType type,
               std::string_view text) {
    place[0] = as_word(at.time.time_since_epoch().count());
    place[1] = as_word(number(at.offset));
    if (type == FieldType::string)
        Kept<std::string>(place[2]).make() = text;
    else
        place[2] = value;
}

void add_values(std::uint64_t& word, std::span<const std::uint64_t> more, std::uint64_t max) {
    Kept<Values> values(word);
    if (values.beyond()) return;
    Values& list = values.make();
    if (list.size() + more.size() > max) return values.give_up();
    list.insert(list.end(), more.begin(), more.end());
}

template <typename Set, typename Value>
void add_distinct(std::uint64_t& word, const Value& value, std::uint64_t max) {
    Kept<Set> distinct(word);
    if (distinct.beyond()) return;
    Set& set = distinct.make();
    if (set.find(value) != set.end()) return;
    if (set.size() == max) return distinct.give_up();
    set.emplace(value);
}

template <typename Set>
void merge_distinct(std::uint64_t& word, const std::uint64_t& from, std::uint64_t max) {
    if (beyond(from)) return Kept<Set>(word).give_up();
    for (const auto& value : *kept<Set>(from))
        add_distinct<Set>(word, value, max);
}

}  // namespace

void Aggregates::keep(std::uint64_t* state, const Block& block, const Input& input,
                      const At& at) const {
    const bool only = state[block.count] == 1;
    const std::uint64_t value = block.type == FieldType::string ? 0 : word_of(input, block.type);
    if (block.first != absent && (only || at < at_of(state + block.first)))
        put_value(state + block.first, at, value, block.type, input.text);
    if (block.last != absent && (only || at > at_of(state + block.last)))
        put_value(state + block.last, at, value, block.type, input.text);
    if (block.values != absent)
        add_values(state[block.values], {&value, 1}, bounds_.percentile_values_max);
    if (block.distinct == absent) return;
    const std::uint64_t max = bounds_.distinct_values_max;
    if (block.type == FieldType::string)
        add_distinct<DistinctTexts>(state[block.distinct], input.text, max);
    else
        add_distinct<DistinctNumbers>(state[block.distinct], canonical(value, block.type), max);
}

void Aggregates::merge(std::uint64_t* state, const std::uint64_t* from) const {
    for (const Block& block : blocks_) {
        if (from[block.count] == 0) continue;
        if (block.type != FieldType::string) merge_arithmetic(state, from, block);
        if (block.keeps) merge_kept(state, from, block);
        state[block.count] += from[block.count];
    }
}

void Aggregates::merge_arithmetic(std::uint64_t* state, const std::uint64_t* from,
                                  const Block& block) {
    const bool first = state[block.count] == 0;
    if (block.sum != absent)
        state[block.sum] = as_word(as_double(state[block.sum]) + as_double(from[block.sum]));
    if (block.integer_sum != absent) {
        const auto words =
            std::bit_cast<Words>(wide(state + block.integer_sum) + wide(from + block.integer_sum));
        state[block.integer_sum] = words[0];
        state[block.integer_sum + 1] = words[1];
    }
    const auto less = [&](std::uint64_t a, std::uint64_t b) {
        return block.type == FieldType::int64 ? as_integer(a) < as_integer(b)
                                              : as_double(a) < as_double(b);
    };
    if (block.min != absent && (first || less(from[block.min], state[block.min])))
        state[block.min] = from[block.min];
    if (block.max != absent && (first || less(state[block.max], from[block.max])))
        state[block.max] = from[block.max];
    if (block.moments != absent) {
        std::uint64_t* const moments = state + block.moments;
        const std::uint64_t* const more = from + block.moments;
        const auto mine = static_cast<double>(state[block.count]);
        const auto theirs = static_cast<double>(from[block.count]);
        const double difference = as_double(more[0]) - as_double(moments[0]);
        const double share = theirs / (mine + theirs);
        moments[1] = as_word(as_double(moments[1]) + as_double(more[1]) +
                             difference * difference * mine * share);
        moments[0] = as_word(as_double(moments[0]) + difference * share);
    }
}

void Aggregates::merge_kept(std::uint64_t* state, const std::uint64_t* from,
                            const Block& block) const {
    const bool none = state[block.count] == 0;
    const auto take = [&](std::uint32_t where) {
        const std::string* const text =
            block.type == FieldType::string ? kept<std::string>(from[where + 2]) : nullptr;
        put_value(state + where, at_of(from + where), from[where + 2], block.type,
                  text == nullptr ? std::string_view() : *text);
    };
    if (block.first != absent && (none || at_of(from + block.first) < at_of(state + block.first)))
        take(block.first);
    if (block.last != absent && (none || at_of(from + block.last) > at_of(state + block.last)))
        take(block.last);
    if (block.values != absent) {
        if (beyond(from[block.values]))
            Kept<Values>(state[block.values]).give_up();
        else
            add_values(state[block.values], *kept<Values>(from[block.values]),
                       bounds_.percentile_values_max);
    }
    if (block.distinct == absent) return;
    const std::uint64_t max = bounds_.distinct_values_max;
    if (block.type == FieldType::string)
        merge_distinct<DistinctTexts>(state[block.distinct], from[block.distinct], max);
    else
        merge_distinct<DistinctNumbers>(state[block.distinct], from[block.distinct], max);
}

}  // namespace weir::window
