// SPDX-License-Identifier: Apache-2.0
// Goal: what becomes of every payload and topic. Method: tables with a fixed time of arrival.
#include "mapping.hpp"

#include <limits>

#include "catch.hpp"

namespace weir::mqtt_bridge {
namespace {

// Properties as MQTT 5 section 2.2.2.2 writes them; texts shorter than 256 bytes.
std::string text_of(std::string_view text) {
    return std::string(1, '\0') + static_cast<char>(text.size()) + std::string(text);
}
std::string user(std::string_view name, std::string_view value) {
    return '\x26' + text_of(name) + text_of(value);
}
std::string content_type(std::string_view type) { return '\x03' + text_of(type); }
std::string correlation(std::string_view data) { return '\x09' + text_of(data); }
std::string expiry(char seconds) { return std::string("\x02\0\0\0", 4) + seconds; }

// 2024-10-07 13:02:45.123456 UTC
constexpr EventTime arrival{std::chrono::microseconds{1'728'306'165'123'456}};

Mapper mapper(std::string_view key = "", std::vector<std::string> filters = {"air/+"}) {
    auto parsed = MessageTemplate::parse(key);
    REQUIRE(parsed.ok());
    return Mapper({.filters = std::move(filters), .key = *parsed, .payload_bytes_max = 1'000});
}

mqtt::Publish message(std::string_view topic, std::string_view payload) {
    return {.topic = topic, .payload = payload, .payload_size = payload.size(), .properties = {}};
}

Result<Mapped> map(Mapper& with, std::string_view topic, std::string_view payload) {
    return with.map(message(topic, payload), arrival);
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
    const auto mapped = one.map(message("air/d", "1"), whole);
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
    mqtt::Publish beginning = message("air/d", "123");
    beginning.payload_size = 5'000'000;
    const auto cut = one.map(beginning, arrival);
    REQUIRE_FALSE(cut.ok());
    CHECK(cut.error().message == "the payload has 5000000 bytes, 1000 are allowed");
    beginning.payload_size = 4;
    CHECK_FALSE(one.map(beginning, arrival).ok());
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

TEST_CASE("the key can be made of the message", "[mqtt-bridge]") {
    struct Case {
        const char* key;
        const char* payload;
        const char* expected;
    };
    const std::string properties = user("site", "north") + content_type("text/plain");
    for (const Case& c :
         {Case{"{2}-{1}!", "1", "b-a!"}, Case{"{/id}", R"({"id":"x"})", "x"},
          Case{"{/a/0}", R"({"a":[7.50]})", "7.50"}, Case{"{/ok}", R"({"ok":true})", "true"},
          Case{"{user:site}.{1}", "1", "north.a"}, Case{"{content-type}", "1", "text/plain"}}) {
        INFO(c.key);
        Mapper one = mapper(c.key, {"#"});
        mqtt::Publish with = message("a/b", c.payload);
        with.properties = mqtt::Properties(properties);
        const auto mapped = one.map(with, arrival);
        REQUIRE(mapped.ok());
        CHECK(mapped->key == c.expected);
    }
    for (const auto& [key, reason] :
         {std::pair{"{3}", "the topic has 2 levels, level 3 is wanted"},
          {"{/id}", "the payload has no text, number or boolean at /id"},
          {"{/data}", "the payload has no text, number or boolean at /data"},
          {"{user:site}", "the message has no user property \"site\""},
          {"{content-type}", "the message has no content type"}}) {
        Mapper one = mapper(key, {"#"});
        const auto refused = map(one, "a/b", R"({"data":[1]})");
        REQUIRE_FALSE(refused.ok());
        CHECK(refused.error().message == reason);
    }
    Mapper one = mapper("{/id}", {"#"});
    CHECK_FALSE(map(one, "a/b", "1").ok());
    for (const char* bad : {"{", "}", "{}", "{0}", "{x}", "{1", "1}", "{-1}", "{1}{", "{{1}}",
                            "{user:}", "{/~}"})
        CHECK_FALSE(MessageTemplate::parse(bad).ok());
    CHECK(MessageTemplate::parse("plain")->text() == "plain");
}

TEST_CASE("a raw value is the payload, whatever it is", "[mqtt-bridge]") {
    Mapper one({.filters = {"air/+"}, .payload_bytes_max = 10, .value = ValueKind::raw});
    for (const std::string& payload :
         {std::string("\0\xFF\n", 3), std::string(), std::string("{")}) {
        const auto mapped = map(one, "air/d", payload);
        REQUIRE(mapped.ok());
        CHECK(mapped->value == payload);
        CHECK_FALSE(mapped->stamped);
    }
    CHECK_FALSE(map(one, "air/d", "12345678901").ok());
}

TEST_CASE("properties and rules become headers", "[mqtt-bridge]") {
    Mapper one({.filters = {"air/+"},
                .headers = {*HeaderRule::parse("unit={/unit}"), *HeaderRule::parse("where={1}")}});
    mqtt::Publish with = message("air/d", R"({"unit":"ppm"})");
    const std::string properties = user("site", "north") + user("site", "") +
                                   content_type("text/plain") + expiry(9) + correlation("\x01");
    with.properties = mqtt::Properties(properties);
    REQUIRE(with.properties.valid());
    const auto mapped = one.map(with, arrival);
    REQUIRE(mapped.ok());
    std::string all;
    for (const kafka::Header& header : mapped->headers)
        all += std::string(header.name) + "=" + std::string(header.value) + ";";
    CHECK(all == "site=north;site=;content-type=text/plain;mqtt-expiry-seconds=9;"
                 "mqtt-correlation-data=\x01;unit=ppm;where=air;");

    const auto lacks = map(one, "air/d", "{}");
    REQUIRE_FALSE(lacks.ok());
    CHECK(lacks.error().message.find("header unit: ") == 0);

    Mapper plain = mapper();
    with.properties = mqtt::Properties(properties);
    CHECK(plain.map(with, arrival)->headers.size() == 5);
    const std::string forged = user("weir-origin", "me");
    with.properties = mqtt::Properties(forged);
    CHECK_FALSE(plain.map(with, arrival).ok());
    std::string many;
    for (int i = 0; i < 65; ++i)
        many += user("n", "v");
    with.properties = mqtt::Properties(many);
    CHECK_FALSE(plain.map(with, arrival).ok());
    Mapper deaf({.filters = {"air/+"}, .properties = Passage::skip});
    CHECK(deaf.map(with, arrival)->headers.empty());

    for (const char* bad : {"", "a", "a=", "=b", "weir-x={1}", "a={"})
        CHECK_FALSE(HeaderRule::parse(bad).ok());
}

TEST_CASE("the record's time can be the payload's", "[mqtt-bridge]") {
    Mapper one({.filters = {"air/+"}, .record_time = *json::Pointer::from_option("at")});
    CHECK(map(one, "air/d", R"({"at":"2024-10-07T13:02:45.123456Z"})")->timestamp_ms ==
          1'728'306'165'123);
    CHECK(map(one, "air/d", R"({"at":1728306165})")->timestamp_ms == 1'728'306'165'000);
    for (const char* bad : {R"({"at":"soon"})", R"({"at":null})", "{}", "1",
                            R"({"at":"2024-10-07T14:02:45.2Z"})"})
        CHECK_FALSE(map(one, "air/d", bad).ok());
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
