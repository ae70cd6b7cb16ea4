// SPDX-License-Identifier: Apache-2.0
// Goal: what Kafka did not take is sent again, buried or left as its failure means. Method: a table
// of codes, which the mock of librdkafka 2.0 cannot all produce.
#include "refusal.hpp"

#include "catch.hpp"

namespace weir::mqtt_bridge {
namespace {

Next after(int code, bool is_record) {
    return next_step({kafka::classify(code), code, {}}, is_record);
}

TEST_CASE("a record is given up only for its own sake", "[mqtt-bridge]") {
    constexpr int invalid_different_record = -138;
    constexpr int message_timed_out = -192;
    constexpr int purged = -152;
    constexpr int unknown_topic = 3;
    constexpr int too_large = 10;
    constexpr int invalid_record = 87;
    constexpr int not_authorized = 29;
    for (const bool is_record : {true, false}) {
        CHECK(after(invalid_different_record, is_record) == Next::send_again);
        CHECK(after(message_timed_out, is_record) == Next::send_again);
        CHECK(after(purged, is_record) == Next::leave);
        CHECK(after(unknown_topic, is_record) == Next::stop);
        CHECK(after(not_authorized, is_record) == Next::stop);
        const Next own_fault = is_record ? Next::bury : Next::stop;
        CHECK(after(too_large, is_record) == own_fault);
        CHECK(after(invalid_record, is_record) == own_fault);
    }
}

}  // namespace
}  // namespace weir::mqtt_bridge
