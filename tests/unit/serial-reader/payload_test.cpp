// SPDX-License-Identifier: Apache-2.0
//
// Goal: what goes to the broker has the promised form, to the character. Method: examples.
#include "payload.hpp"

#include "catch.hpp"

using namespace weir::serial_reader;
using weir::EventTime;

namespace {

EventTime at(std::int64_t micros) { return EventTime(std::chrono::microseconds(micros)); }

}  // namespace

TEST_CASE("a reading is an object with its time, or a number with three decimals", "[payload]") {
    const Reading reading{7, at(1'728'306'165'123'456), 849.63};
    CHECK(payload_of(reading, "device1", PayloadForm::json) ==
          R"({"timestamp":"2024-10-07 13:02:45.123456","device_name":"device1",)"
          R"("data":849.63,"seq":7})");
    CHECK(payload_of(reading, "device1", PayloadForm::number) == "849.630");
    CHECK(payload_of(Reading{1, at(0), 0.0}, "d", PayloadForm::number) == "0.000");
    CHECK(payload_of(Reading{1, at(0), 26160.56}, "d", PayloadForm::number) == "26160.560");
    CHECK(
        payload_of(Reading{1, at(0), 850.0}, "\"", PayloadForm::json).find(R"("\"","data":850)") !=
        std::string::npos);
}

TEST_CASE("a gap names its ends and the times around it", "[payload]") {
    CHECK(payload_of(Gap{8, 9}, "device1", at(1'728'306'165'123'456), at(1'728'306'166'000'001)) ==
          R"({"device_name":"device1","gap":{"first_seq":8,"last_seq":9,"count":2,)"
          R"("after":"2024-10-07 13:02:45.123456","before":"2024-10-07 13:02:46.000001"}})");
    CHECK(payload_of(Gap{1, 1}, "device1", std::nullopt, std::nullopt) ==
          R"({"device_name":"device1","gap":{"first_seq":1,"last_seq":1,"count":1,)"
          R"("after":null,"before":null}})");
}
