// SPDX-License-Identifier: Apache-2.0
// Goal: what becomes of every payload and topic. Method: tables with a fixed time of arrival.
#include "mapping.hpp"

#include <limits>

#include "catch.hpp"

namespace weir::mqtt_bridge {
namespace {

// 2024-10-07 13:02:45.123456 UTC
constexpr EventTime arrival{std::chrono::microseconds{1'728'306'165'123'456}};

Mapper mapper(std::string_view key = "", std::vector<std::string> filters = {"air/+"}) {
    auto parsed = KeyTemplate::parse(key);
    REQUIRE(parsed.ok());
    return Mapper({std::move(filters), *parsed, 1'000});
}

Result<Mapped> map(Mapper& with, std::string_view topic, std::string_view payload) {
    return with.map(topic, payload, payload.size(), arrival);
}

TEST_CASE("a bare number becomes a stamped record", "[mqtt-bridge]") {
    struct Case {
        const char* payload;
        const char* data;
    };
    Mapper one = mapper();
    for (const Case& c :
         {Case{"863.850", "863.85"}, Case{"0.00", "0.0"}, Case{"7", "7.0"}, Case{"-1.5", "-1.5"},
          Case{"+1.5", "1.5"}, Case{".5", "0.5"}, Case{"5.", "5.0"}, Case{"1e3", "1000.0"},
          Case{" 849.63\r\n", "849.63"}, Case{"26160.56", "26160.56"}, Case{"1e-7", "1e-07"},
          Case{"0.1", "0.1"}, Case{"1e22", "1e+22"}}) {
        INFO(c.payload);
        const auto mapped = map(one, "air/device2", c.payload);
        REQUIRE(mapped.ok());
        CHECK(mapped->key == "device2");
        CHECK(mapped->stamped);
        CHECK(mapped->value ==
              std::string(R"({"timestamp":"2024-10-07 13:02:45.123456","device_name":"device2",)") +
                  "\"data\":" + c.data + "}");
    }
}

TEST_CASE("a whole second of arrival is written without a fraction", "[mqtt-bridge]") {
    Mapper one = mapper();
    const EventTime whole{std::chrono::microseconds{1'728'306'165'000'000}};
    const auto mapped = one.map("air/d", "1", 1, whole);
    REQUIRE(mapped.ok());
    CHECK(mapped->value == R"({"timestamp":"2024-10-07 13:02:45","device_name":"d","data":1.0})");
}

TEST_CASE("an object keeps its bytes and gets what it lacks in front", "[mqtt-bridge]") {
    const std::string time = R"("timestamp":"2024-10-07 13:02:45.123456")";
    const std::string name = R"("device_name":"d")";
    struct Case {
        std::string payload;
        std::string value;
        bool stamped;
    };
    const std::vector<Case> cases{
        {R"({"timestamp":1,"device_name":"d","data":1.50})",
         R"({"timestamp":1,"device_name":"d","data":1.50})", false},
        {R"( {"data": 1.50, "seq":7} )", "{" + time + "," + name + R"(,"data": 1.50, "seq":7})",
         true},
        {R"({"data":1,"timestamp":"x"})", "{" + name + R"(,"data":1,"timestamp":"x"})", false},
        {R"({"data":1,"device_name":"other"})", "{" + time + R"(,"data":1,"device_name":"other"})",
         true},
        {"{}", "{" + time + "," + name + "}", true},
        {"{ }", "{" + time + "," + name + " }", true},
        {R"({"timestamp":null})", "{" + name + R"(,"timestamp":null})", false},
        {R"({"a":{"timestamp":1}})", "{" + time + "," + name + R"(,"a":{"timestamp":1}})", true},
        {R"({"\u0074imestamp":1})", "{" + name + R"(,"\u0074imestamp":1})", false},
    };
    Mapper one = mapper();
    for (const Case& c : cases) {
        INFO(c.payload);
        const auto mapped = map(one, "air/d", c.payload);
        REQUIRE(mapped.ok());
        CHECK(mapped->value == c.value);
        CHECK(mapped->stamped == c.stamped);
    }
}

TEST_CASE("what is neither is refused with a sentence", "[mqtt-bridge]") {
    struct Case {
        std::string payload;
        const char* part;
    };
    const std::vector<Case> cases{
        {"", "empty"},
        {" \r\n", "empty"},
        {"nan", "\"nan\""},
        {"NaN", "finite number"},
        {"inf", "finite number"},
        {"-Infinity", "finite number"},
        {"ovf", "finite number"},
        {"1e999", "finite number"},
        {"1,5", "finite number"},
        {"0x1p3", "finite number"},
        {"--1", "finite number"},
        {"1 2", "finite number"},
        {"[1]", "finite number"},
        {"\"7\"", "finite number"},
        {std::string("1\0", 2), "finite number"},
        {"\xFF\xFE", "\xEF\xBF\xBD"},
        {"{\"data\":NaN}", "JSON"},
        {"{\"data\":1}x", "JSON"},
        {"{", "JSON"},
        {"{\"data\":\"\xFF\"}", "UTF-8"},
        {std::string(1'001, '1'), "1001 bytes"},
        {std::string(100, 'x'), "xxx\"..."},
    };
    Mapper one = mapper();
    for (const Case& c : cases) {
        INFO(c.payload);
        const auto mapped = map(one, "air/d", c.payload);
        REQUIRE_FALSE(mapped.ok());
        INFO(mapped.error().message);
        CHECK(mapped.error().message.find(c.part) != std::string::npos);
    }
    const auto cut = one.map("air/d", "123", 5'000'000, arrival);
    REQUIRE_FALSE(cut.ok());
    CHECK(cut.error().message == "the payload has 5000000 bytes, 1000 are allowed");
}

TEST_CASE("the device is the last wildcard of the filter that matches", "[mqtt-bridge]") {
    Mapper one = mapper("", {"air/+", "plant/+/co/+", "lab/#"});
    struct Case {
        const char* topic;
        const char* key;
    };
    for (const Case& c : {Case{"air/d", "d"}, Case{"plant/7/co/d", "d"}, Case{"lab/a/b", "a/b"},
                          Case{"air/grün", "grün"}}) {
        const auto mapped = map(one, c.topic, "1");
        REQUIRE(mapped.ok());
        CHECK(mapped->key == c.key);
    }
}

TEST_CASE("the key can be made of the topic's levels", "[mqtt-bridge]") {
    Mapper one = mapper("{2}-{1}!", {"#"});
    CHECK(map(one, "a/b", "1")->key == "b-a!");
    const auto none = map(one, "a", "1");
    REQUIRE_FALSE(none.ok());
    CHECK(none.error().message == "the topic has 1 levels, the key wants level 2");
    for (const char* bad : {"{", "}", "{}", "{0}", "{x}", "{1", "1}", "{-1}", "{1}{", "{{1}}"})
        CHECK_FALSE(KeyTemplate::parse(bad).ok());
    CHECK(KeyTemplate::parse("plain")->text() == "plain");
}

TEST_CASE("a topic that names no proper device is refused", "[mqtt-bridge]") {
    Mapper one = mapper();
    for (const std::string& topic :
         {std::string("air/"), "air/" + std::string(256, 'x'), std::string("air/a\nb"),
          std::string("air/\xFF"), std::string("other/d")}) {
        INFO(topic);
        CHECK_FALSE(map(one, topic, "1").ok());
    }
    CHECK(map(one, "air/" + std::string(255, 'x'), "1").ok());
}

TEST_CASE("a device's name is escaped where it must be", "[mqtt-bridge]") {
    Mapper one = mapper();
    const auto mapped = map(one, "air/a\"b\\c", "1");
    REQUIRE(mapped.ok());
    CHECK(mapped->key == "a\"b\\c");
    CHECK(mapped->value.find(R"("device_name":"a\"b\\c")") != std::string_view::npos);
}

}  // namespace
}  // namespace weir::mqtt_bridge
