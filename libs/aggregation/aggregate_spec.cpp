// SPDX-License-Identifier: Apache-2.0
#include "aggregation/aggregate_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "json/number.hpp"
#include "json/pointer.hpp"

namespace weir::aggregation {
namespace {

using window::FieldType;
using window::Function;

constexpr std::array functions{
    std::pair{std::string_view("count"), Function::count},
    std::pair{std::string_view("sum"), Function::sum},
    std::pair{std::string_view("mean"), Function::mean},
    std::pair{std::string_view("min"), Function::min},
    std::pair{std::string_view("max"), Function::max},
    std::pair{std::string_view("variance"), Function::variance},
    std::pair{std::string_view("stddev"), Function::stddev},
    std::pair{std::string_view("first"), Function::first},
    std::pair{std::string_view("last"), Function::last},
    std::pair{std::string_view("median"), Function::percentile},
    std::pair{std::string_view("distinct"), Function::distinct},
};

/// The number of `p95` or `p99.9`.
std::optional<double> percent_of(std::string_view function) {
    if (function.size() < 2 || function[0] != 'p') return std::nullopt;
    const auto percent = json::parse_double(function.substr(1));
    return percent && *percent >= 0 && *percent <= 100 ? std::optional(*percent) : std::nullopt;
}

constexpr std::array types{
    std::pair{std::string_view("double"), FieldType::float64},
    std::pair{std::string_view("float32"), FieldType::float32},
    std::pair{std::string_view("int64"), FieldType::int64},
    std::pair{std::string_view("string"), FieldType::string},
};

template <typename Table>
auto find_name(const Table& table, std::string_view name)
    -> std::optional<decltype(table[0].second)> {
    for (const auto& [candidate, value] : table)
        if (candidate == name) return value;
    return std::nullopt;
}

template <typename Table, typename Value>
std::string_view name_of(const Table& table, Value wanted) {
    for (const auto& [name, value] : table)
        if (value == wanted) return name;
    return "?";
}

template <typename Table>
std::string names(const Table& table) {
    std::string list;
    for (const auto& [name, value] : table)
        list += (list.empty() ? "" : ", ") + std::string(name);
    return list;
}

json::FieldType json_type(FieldType type) {
    switch (type) {
        case FieldType::float64: return json::FieldType::float64;
        case FieldType::float32: return json::FieldType::float32;
        case FieldType::int64: return json::FieldType::int64;
        case FieldType::string: return json::FieldType::string;
    }
    return json::FieldType::float64;
}

}  // namespace

std::string function_name(const AggregateSpec& spec) {
    if (spec.function == Function::percentile && spec.percent != 50)
        return fmt::format("p{}", spec.percent);
    return std::string(name_of(functions, spec.function));
}

Result<Schema> compile(const std::vector<AggregateSpec>& specs, const window::Bounds& bounds) {
    std::vector<window::Aggregate> list;
    std::vector<json::FieldSpec> fields;
    std::vector<FieldType> field_types;
    bool counts_records = false;
    for (const AggregateSpec& spec : specs) {
        window::Aggregate aggregate{
            .output = spec.output, .function = spec.function, .percent = spec.percent};
        counts_records = counts_records || !spec.field;
        if (spec.field) {
            auto pointer = json::Pointer::from_option(*spec.field);
            if (!pointer) return Error{spec.output + ": " + pointer.error().message};
            const auto known = std::find_if(fields.begin(), fields.end(), [&](const auto& field) {
                return field.pointer == *pointer;
            });
            aggregate.field = static_cast<std::uint32_t>(known - fields.begin());
            aggregate.type = spec.type;
            if (known == fields.end()) {
                fields.push_back(
                    {std::move(*pointer), json_type(spec.type), json::Presence::optional});
                field_types.push_back(spec.type);
            } else if (field_types[*aggregate.field] != spec.type) {
                return Error{fmt::format("the field {} has two types, {} and {}", *spec.field,
                                         name_of(types, field_types[*aggregate.field]),
                                         name_of(types, spec.type))};
            }
        }
        list.push_back(std::move(aggregate));
    }
    auto aggregates = window::Aggregates::compile(std::move(list), bounds);
    if (!aggregates) return aggregates.error();
    return Schema{std::move(*aggregates), std::move(fields), std::move(field_types),
                  counts_records};
}

}  // namespace weir::aggregation

namespace weir::config {

using aggregation::AggregateSpec;

Result<AggregateSpec> Codec<AggregateSpec>::parse(std::string_view text) {
    namespace specs = aggregation;
    const Error shape{fmt::format("expected {}, got \"{}\"", metavar(), text)};
    const auto equals = text.find('=');
    const auto open = text.find('(', equals == std::string_view::npos ? 0 : equals);
    if (equals == std::string_view::npos || equals == 0 || open == std::string_view::npos ||
        !text.ends_with(')'))
        return shape;

    AggregateSpec spec{.output = std::string(text.substr(0, equals))};
    const std::string_view function = text.substr(equals + 1, open - equals - 1);
    if (const auto percent = specs::percent_of(function)) {
        spec.function = specs::Function::percentile;
        spec.percent = *percent;
    } else if (const auto known = specs::find_name(specs::functions, function)) {
        spec.function = *known;
    } else {
        return Error{fmt::format(
            "{}: expected one of the functions {} or a percentile such as p95 or p99.9, got \"{}\"",
            spec.output, specs::names(specs::functions), function)};
    }

    std::string_view field = text.substr(open + 1, text.size() - open - 2);
    if (const auto colon = field.rfind(':'); colon != std::string_view::npos) {
        const auto type = specs::find_name(specs::types, field.substr(colon + 1));
        if (!type)
            return Error{fmt::format("{}: expected one of the types {}, got \"{}\"", spec.output,
                                     specs::names(specs::types), field.substr(colon + 1))};
        spec.type = *type;
        field = field.substr(0, colon);
        if (field.empty()) return shape;
    }
    if (!field.empty()) spec.field = std::string(field);
    return spec;
}

std::string Codec<AggregateSpec>::format(const AggregateSpec& spec) {
    namespace specs = aggregation;
    const std::string function = specs::function_name(spec);
    if (!spec.field) return fmt::format("{}={}()", spec.output, function);
    const std::string_view type = specs::name_of(specs::types, spec.type);
    return fmt::format("{}={}({}:{})", spec.output, function, *spec.field, type);
}

}  // namespace weir::config
