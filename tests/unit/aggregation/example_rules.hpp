// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "aggregation/rules.hpp"
#include "catch.hpp"

/// The rules of the air-quality system.
inline weir::aggregation::Rules example_rules() {
    weir::aggregation::Rules rules;
    rules.key = {"device_name"};
    rules.time = "timestamp";
    rules.round = 3;
    auto spec =
        weir::config::Codec<weir::aggregation::AggregateSpec>::parse("average=mean(data:float32)");
    REQUIRE(spec.ok());
    rules.aggregates = {*spec};
    return rules;
}
