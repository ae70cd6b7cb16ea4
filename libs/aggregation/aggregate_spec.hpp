// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/codec.hpp"
#include "json/extractor.hpp"
#include "window/aggregates.hpp"

namespace weir::aggregation {

/// One column of the result as `--aggregate` gives it: `average=mean(data:float32)`, `n=count()`,
/// `slow=p99.9(seconds)`.
struct AggregateSpec {
    std::string output;
    window::Function function = window::Function::count;
    std::optional<std::string> field;  ///< a top-level name or a JSON pointer
    window::FieldType type = window::FieldType::float64;
    double percent = 50;  ///< of a percentile
};

/// All columns, compiled: what to take out of a record, and what to compute of it.
struct Schema {
    window::Aggregates aggregates;
    /// The fields the aggregates are about, each once, in the order of window::Record::inputs.
    std::vector<json::FieldSpec> fields;
    std::vector<window::FieldType> types;  ///< of `fields`
    bool counts_records = false;           ///< a column counts records whatever their fields are
};

/// Errors: what window::Aggregates refuses, and a field name that is no pointer.
Result<Schema> compile(const std::vector<AggregateSpec>& specs, const window::Bounds& bounds = {});

/// The function as it is written: `mean`, `median`, `p95`.
std::string function_name(const AggregateSpec& spec);

}  // namespace weir::aggregation

namespace weir::config {

template <>
struct Codec<aggregation::AggregateSpec> {
    static Result<aggregation::AggregateSpec> parse(std::string_view text);
    static std::string format(const aggregation::AggregateSpec& spec);
    static std::string metavar() { return "NAME=FUNCTION(FIELD[:TYPE])"; }
};

}  // namespace weir::config
