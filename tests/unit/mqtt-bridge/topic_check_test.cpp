// SPDX-License-Identifier: Apache-2.0
// Goal: the size of the producer's batches is known as librdkafka will have it. Method: a table.
#include "topic_check.hpp"

#include <vector>

#include "catch.hpp"

namespace weir::mqtt_bridge {
namespace {

TEST_CASE("a batch is bounded by the smaller of two properties, the last one given counts",
          "[mqtt-bridge]") {
    struct Case {
        std::vector<kafka::Property> properties;
        std::vector<kafka::Property> secrets;
        std::uint64_t bytes;
    };
    const std::vector<Case> cases{
        {{}, {}, 1'000'000},
        {{{"batch.size", "2000"}}, {}, 2'000},
        {{{"batch.size", "3000"}, {"batch.size", "2000"}}, {}, 2'000},
        {{{"message.max.bytes", "2000000"}}, {}, 1'000'000},
        {{{"message.max.bytes", "5000"}, {"batch.size", "9000"}}, {}, 5'000},
        {{{"batch.size", "2000"}}, {{"batch.size", "7000"}}, 7'000},
        {{{"linger.ms", "50"}}, {}, 1'000'000},
    };
    for (const Case& c : cases) {
        kafka::Options options;
        options.properties = c.properties;
        options.secrets.list = c.secrets;
        CHECK(batch_bytes(options) == c.bytes);
    }
}

}  // namespace
}  // namespace weir::mqtt_bridge
