// SPDX-License-Identifier: Apache-2.0
// Goal: what of a record is a reading, and why it is not one. Method: a table of values in, a
// reading or a reason out.
#include "aggregation/reading.hpp"

#include "example_rules.hpp"
#include "json/timestamp.hpp"

using namespace weir;
using namespace weir::aggregation;

namespace {

constexpr std::int64_t unknown = -1;

// 2024-10-07T13:02:45Z
constexpr std::int64_t produced_ms = 1'728'306'165'000;

}  // namespace

TEST_CASE("a reading has a time, a key and the values the aggregates want", "[aggregation]") {
    Reader reader(example_rules());
    const std::string value =
        R"({"timestamp":"2024-10-07 13:02:45.123456","device_name":"device2","data":863.85})";
    const auto reading = reader.read(value, produced_ms);
    REQUIRE(reading.ok());
    CHECK(json::plain(reading->time) == "2024-10-07 13:02:45.123456");
    CHECK(reading->key == "device2");
    REQUIRE(reading->inputs.size() == 1);
    // The float nearest to 863.85.
    CHECK(reading->inputs[0].number == Approx(863.8499755859375).epsilon(0).margin(1e-13));
    CHECK(reading->counted);
}

TEST_CASE("forms that mean the same reading are taken", "[aggregation]") {
    Reader reader(example_rules());
    for (const char* value :
         {R"({"timestamp":"2024-10-07T13:02:45Z","device_name":"7","data":1})",
          R"({"data":1e0,"device_name":7,"timestamp":1728306165})",
          R"( { "timestamp" : 1728306165000 , "device_name" : 7, "data" : 1.0 , "more":[{}] } )",
          R"({"timestamp":"2024-10-07T15:02:45+02:00","device_name":"7","data":1.00})"}) {
        INFO(value);
        const auto reading = reader.read(value, unknown);
        REQUIRE(reading.ok());
        CHECK(json::iso_milliseconds(reading->time) == "2024-10-07T13:02:45.000Z");
        CHECK(reading->key == "7");
        CHECK(reading->inputs[0].number == 1.0);
    }
}

TEST_CASE("a record that is no reading has a reason", "[aggregation]") {
    struct Case {
        const char* value;
        const char* reason;
    };
    const Case cases[] = {
        {nullptr, "tombstone"},
        {"", "JSON"},
        {"863.85", "JSON object"},
        {"[1]", "JSON object"},
        {R"({"timestamp":1,"device_name":"a","data":1)", "JSON"},
        {R"({"timestamp":1,"device_name":"a","data":NaN})", "JSON"},
        {R"({"timestamp":1,"device_name":"a","data":Infinity})", "JSON"},
        {"{\"timestamp\":1,\"device_name\":\"\xFF\",\"data\":1}", "JSON"},
        {R"({"device_name":"a","data":1})", "/timestamp"},
        {R"({"timestamp":null,"device_name":"a","data":1})", "/timestamp"},
        {R"({"timestamp":"soon","device_name":"a","data":1})", "/timestamp"},
        {R"({"timestamp":-5,"device_name":"a","data":1})", "/timestamp"},
        {R"({"timestamp":true,"device_name":"a","data":1})", "/timestamp"},
        {R"({"timestamp":1,"data":1})", "/device_name"},
        {R"({"timestamp":1,"device_name":null,"data":1})", "/device_name"},
        {R"({"timestamp":1,"device_name":{},"data":1})", "/device_name"},
        {R"({"timestamp":1,"device_name":"a","data":"7.5"})", "/data"},
        {R"({"timestamp":1,"device_name":"a","data":true})", "/data"},
        {R"({"timestamp":1,"device_name":"a","data":1e39})", "/data"},
    };
    Reader reader(example_rules());
    for (const Case& item : cases) {
        const std::string_view value =
            item.value == nullptr ? std::string_view() : std::string_view(item.value);
        const auto reading = reader.read(value, unknown);
        INFO((item.value == nullptr ? "no value" : item.value));
        REQUIRE(!reading.ok());
        INFO(reading.error().message);
        CHECK(reading.error().message.find(item.reason) != std::string::npos);
    }
}

TEST_CASE("a null or absent field is no value, and no column counts it", "[aggregation]") {
    Rules rules = example_rules();
    const char* values[] = {R"({"timestamp":1,"device_name":"a","data":null})",
                            R"({"timestamp":1,"device_name":"a"})"};
    for (const char* value : values) {
        Reader reader(rules);
        const auto reading = reader.read(value, unknown);
        REQUIRE(reading.ok());
        CHECK(reading->inputs[0].kind == window::Input::Kind::null);
        CHECK(!reading->counted);
    }
    rules.aggregates.push_back({.output = "n"});
    Reader counting(rules);
    CHECK(counting.read(values[0], unknown)->counted);
}

TEST_CASE("a time too far ahead of its production is dead, by the record alone", "[aggregation]") {
    Rules rules = example_rules();
    rules.max_ahead = std::chrono::seconds{10};
    const std::string rest = R"(","device_name":"a","data":1})";
    const std::string ten = R"({"timestamp":"2024-10-07 13:02:55)" + rest;
    const std::string more = R"({"timestamp":"2024-10-07 13:02:55.001)" + rest;
    {
        Reader reader(rules);
        CHECK(reader.read(ten, produced_ms).ok());
        CHECK(reader.read(more, unknown).ok());
        const auto ahead = reader.read(more, produced_ms);
        REQUIRE(!ahead.ok());
        CHECK(ahead.error().message ==
              "the event time 2024-10-07T13:02:55.001Z is 10s1ms ahead of the record's production, "
              "more than 10s");
    }
    rules.max_ahead.reset();
    Reader without(rules);
    CHECK(without.read(more, 0).ok());
}

TEST_CASE("times without a zone are in the zone of the option", "[aggregation]") {
    Rules rules = example_rules();
    rules.time_zone = "Europe/Belgrade";
    Reader reader(rules);
    const auto reading =
        reader.read(R"({"timestamp":"2024-10-07 15:02:45","device_name":"a","data":1})", unknown);
    REQUIRE(reading.ok());
    CHECK(json::iso_milliseconds(reading->time) == "2024-10-07T13:02:45.000Z");
}

TEST_CASE("a key of several fields is like no other", "[aggregation]") {
    Rules rules = example_rules();
    rules.key = {"device_name", "site"};
    Reader reader(rules);
    const auto key = [&](const char* device, const char* site) {
        const std::string value = std::string(R"({"timestamp":1,"data":1,"device_name":")") +
                                  device + R"(","site":")" + site + "\"}";
        const auto reading = reader.read(value, unknown);
        REQUIRE(reading.ok());
        return std::string(reading->key);
    };
    CHECK(key("a", "b") == key("a", "b"));
    CHECK(key("a", "b") != key("b", "a"));
    CHECK(key("a", "") != key("", "a"));
    CHECK(key("1:a", "b") != key("1", ":ab"));
    CHECK(!reader.read(R"({"timestamp":1,"data":1,"device_name":"a"})", unknown).ok());
}

TEST_CASE("what tells readings apart is equal where it is surely the same", "[aggregation]") {
    Rules rules = example_rules();
    rules.distinct_by = "/at/seq";
    Reader reader(rules);
    std::string record;
    const auto read = [&](const std::string& id) {
        record = R"({"timestamp":1,"device_name":"a","data":1,"at":{"seq":)" + id + "}}";
        return reader.read(record, unknown);
    };
    for (const char* integer : {"17", "17.0", "170e-1"}) {
        INFO(integer);
        const auto reading = read(integer);
        REQUIRE(reading.ok());
        CHECK(reading->id.kind == window::Input::Kind::integer);
        CHECK(reading->id.integer == 17);
    }
    // The last two are one double.
    for (const char* text : {R"("17")", "17.5", "true", R"("2024-10-07 13:02:45")",
                             "340282366920938463463374607431768211455",
                             "340282366920938463463374607431768211456"}) {
        INFO(text);
        const auto reading = read(text);
        REQUIRE(reading.ok());
        CHECK(reading->id.kind == window::Input::Kind::text);
        CHECK(reading->id.text == text);
    }
    const std::pair<const char*, const char*> cases[] = {
        {"null", "/at/seq: expected a string or a number, got null"},
        {"{}", "/at/seq: expected a string or a number, got an object"},
        {"[1]", "/at/seq: expected a string or a number, got an array"}};
    for (const auto& [id, reason] : cases) {
        const auto reading = read(id);
        REQUIRE(!reading.ok());
        CHECK(reading.error().message == reason);
    }
    const auto without = reader.read(R"({"timestamp":1,"device_name":"a","data":1})", unknown);
    REQUIRE(!without.ok());
    CHECK(without.error().message == "/at/seq: expected a string or a number, got nothing");
}

TEST_CASE("the time or a value of a reading may be what tells it apart", "[aggregation]") {
    for (const char* field : {"timestamp", "data"}) {
        Rules rules = example_rules();
        rules.distinct_by = field;
        Reader reader(rules);
        const auto reading = reader.read(R"({"timestamp":7,"device_name":"a","data":7})", unknown);
        REQUIRE(reading.ok());
        CHECK(reading->id.integer == 7);
        CHECK(reading->inputs.size() == 1);
        CHECK(reading->inputs[0].number == 7.0);
    }
}
