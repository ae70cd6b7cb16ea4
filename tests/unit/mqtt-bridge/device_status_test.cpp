// SPDX-License-Identifier: Apache-2.0
// Goal: what is said about a device becomes one record in words that mean the same for all devices,
// or a reason. Method: tables with a fixed time of arrival.
#include "device_status.hpp"

#include "catch.hpp"
#include "options.hpp"

namespace weir::mqtt_bridge {
namespace {

// 2024-10-07 13:02:45.123456 UTC
constexpr EventTime arrival{std::chrono::microseconds{1'728'306'165'123'456}};

mqtt::Publish message(std::string_view topic, std::string_view payload, bool retained = false) {
    return {.topic = topic,
            .payload = payload,
            .payload_size = payload.size(),
            .properties = {},
            .retained = retained};
}

TEST_CASE("a status names the device, what it is, when that came and whether it was kept",
          "[mqtt-bridge]") {
    StatusMapper mapper({"status/+", "devices/+/status"});
    const auto will = mapper.map(message("status/device2", "offline"), arrival);
    REQUIRE(will.ok());
    CHECK(will->is_status);
    CHECK(will->stamped);
    CHECK(will->key == "device2");
    CHECK(will->value ==
          R"({"device_name":"device2","status":"offline","time":"2024-10-07T13:02:45.123Z",)"
          R"("retained":false})");
    const auto kept = mapper.map(message("devices/device3/status", "online", true), arrival);
    REQUIRE(kept.ok());
    CHECK(kept->key == "device3");
    CHECK(kept->value.ends_with(R"("retained":true})"));
}

TEST_CASE("devices of several makes say online and offline alike", "[mqtt-bridge]") {
    struct Case {
        const char* payload;
        const char* status;
    };
    StatusMapper mapper({"status/+"});
    for (const Case& c :
         {Case{"online", "online"}, Case{"Online\r\n", "online"}, Case{"OFFLINE", "offline"},
          Case{"1", "online"}, Case{"0", "offline"}, Case{"true", "online"},
          Case{"disconnected", "offline"}, Case{R"({"state":"online"})", "online"},
          Case{R"({"status":"Offline","state":"x"})", "offline"},
          Case{R"({"status":true})", "online"}, Case{"sleeping", "sleeping"},
          Case{R"({"state":"low-power_2"})", "low-power_2"}}) {
        INFO(c.payload);
        const auto mapped = mapper.map(message("status/d", c.payload), arrival);
        REQUIRE(mapped.ok());
        CHECK(mapped->value.find("\"status\":\"" + std::string(c.status) + "\"") !=
              std::string_view::npos);
    }
}

TEST_CASE("a status that was taken back forgets the device", "[mqtt-bridge]") {
    StatusMapper mapper({"status/+"});
    for (const char* const payload : {"", " \n"}) {
        const auto mapped = mapper.map(message("status/d", payload), arrival);
        REQUIRE(mapped.ok());
        CHECK(mapped->key == "d");
        CHECK(mapped->value.data() == nullptr);
    }
}

TEST_CASE("what says no status is refused with a reason", "[mqtt-bridge]") {
    StatusMapper mapper({"status/+"});
    for (const std::string& payload :
         {std::string("863.85"), std::string("two words"), std::string("{"), std::string("{}"),
          std::string(R"({"state":{"x":1}})"), std::string(R"({"status":1.5})"),
          std::string("\xFF\xFE"), std::string(40, 'x'), std::string(5'000, 'x')}) {
        INFO(payload.substr(0, 50));
        const auto mapped = mapper.map(message("status/d", payload), arrival);
        REQUIRE_FALSE(mapped.ok());
        CHECK(mapped.error().message.size() > 10);
    }
    CHECK(mapper.map(message("status/", "online"), arrival).error().message ==
          "the topic names no device");
    CHECK(mapper.map(message("else/d", "online"), arrival).error().message ==
          "no --status-topic matches the topic \"else/d\"");
    CHECK(mapper.claims("status/d"));
    CHECK_FALSE(mapper.claims("status/d/x"));
}

}  // namespace
}  // namespace weir::mqtt_bridge
