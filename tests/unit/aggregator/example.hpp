// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "aggregation/aggregate_spec.hpp"
#include "catch.hpp"
#include "options.hpp"

/// The options of the air-quality system's aggregator.
inline weir::aggregator::Options example_options() {
    weir::aggregator::Options options;
    options.input = "in";
    options.output = "out";
    options.late = "late";
    options.dead_letter = "dead";
    options.key = {"device_name"};
    options.time = "timestamp";
    options.round = 3;
    auto spec =
        weir::config::Codec<weir::aggregator::AggregateSpec>::parse("average=mean(data:float32)");
    REQUIRE(spec.ok());
    options.aggregates = {*spec};
    return options;
}
