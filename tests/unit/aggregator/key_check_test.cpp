// SPDX-License-Identifier: Apache-2.0
// Goal: records of one group under several keys are noticed. Method: pairs in, a verdict out.
#include "key_check.hpp"

#include "catch.hpp"

using namespace weir::aggregator;

TEST_CASE("one group under two keys is noticed, any fixed key is as good", "[aggregator]") {
    KeyCheck keys;
    CHECK(keys.consistent("device1", "device1"));
    CHECK(keys.consistent("device2", "site/device2"));
    CHECK(keys.consistent("device2", "site/device2"));
    CHECK(!keys.consistent("device2", "other/device2"));
    CHECK(!keys.consistent("device2", "device2"));
    CHECK(!keys.consistent("device3", std::string_view()));
    CHECK(keys.consistent("device1", "device1"));
}
