// SPDX-License-Identifier: Apache-2.0
// Goal: what a broker drops is told once. Method: counts as mosquitto publishes them.
#include "drop_watch.hpp"

#include "catch.hpp"

namespace weir::mqtt_bridge {
namespace {

TEST_CASE("a rise of the broker's count is told once", "[mqtt-bridge]") {
    DropWatch watch;
    CHECK_FALSE(watch.see("0"));
    const auto risen = watch.see("12");
    REQUIRE(risen);
    CHECK(risen->rise == 12);
    CHECK_FALSE(risen->first);
    CHECK_FALSE(watch.see("12"));
    CHECK(watch.see("15")->rise == 3);
    const auto restarted = watch.see("2");
    CHECK(restarted->rise == 2);
    CHECK(restarted->count == 2);
}

TEST_CASE("what was dropped before the bridge came is told as that", "[mqtt-bridge]") {
    DropWatch watch;
    const auto first = watch.see("7");
    REQUIRE(first);
    CHECK(first->first);
    CHECK(first->rise == 7);
}

TEST_CASE("what is no count is ignored", "[mqtt-bridge]") {
    DropWatch watch;
    for (const char* const payload : {"", "x", "-1", "1.5", "1 ", "99999999999999999999"})
        CHECK_FALSE(watch.see(payload));
    CHECK(watch.see("1")->first);
}

}  // namespace
}  // namespace weir::mqtt_bridge
