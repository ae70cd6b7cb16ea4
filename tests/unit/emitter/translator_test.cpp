// SPDX-License-Identifier: Apache-2.0
// Goal: records become events with every digit kept, and flawed ones are told apart.
#include "translator.hpp"

#include "catch.hpp"

using namespace weir;
using namespace weir::emitter;
using kafka::Header;

namespace {

constexpr std::string_view result =
    R"({"device_name":"device2","window":{"start":"2024-10-07T13:29:15.000Z",)"
    R"("end":"2024-10-07T13:29:30.000Z"},"average":606.890})";

json::TimeZone belgrade() { return *json::TimeZone::load("Europe/Belgrade"); }

std::vector<Outgoing> translate(const std::vector<Relay>& relays, const Input& input,
                                std::size_t value_bytes_max = 1000) {
    const json::TimeZone zone = belgrade();
    Translator translator(relays, zone, value_bytes_max);
    std::vector<Outgoing> out;
    translator.translate(input, out);
    return out;
}

}  // namespace

TEST_CASE("a card has local times of day and the record's digits", "[emitter]") {
    const json::TimeZone zone = belgrade();
    CardMaker maker(zone);
    CHECK(*maker.make(result) ==
          R"({"device_name":"device2","window_start":"15:29:15","window_end":"15:29:30",)"
          R"("data":606.890})");
    CHECK(*maker.make(R"({"average":1E-7,"device_name":7,"window":{"end":"2025-01-01T00:00:15Z",)"
                      R"("start":"2025-01-01 00:00:00"},"more":[]})") ==
          R"({"device_name":"7","window_start":"01:00:00","window_end":"01:00:15","data":1E-7})");
    CHECK(
        *maker.make(R"({"device_name":"a\"\u00e9","window":{"start":0,"end":15},"average":1.0})") ==
        "{\"device_name\":\"a\\\"\xC3\xA9\",\"window_start\":\"01:00:00\","
        "\"window_end\":\"01:00:15\",\"data\":1.0}");
}

TEST_CASE("a record that is no result makes no card", "[emitter]") {
    const json::TimeZone zone = belgrade();
    CardMaker maker(zone);
    for (const char* value :
         {"", "x", "[]", "{}", R"({"device_name":"d","window":{"start":"2024-10-07T13:29:15Z"}})",
          R"({"device_name":"d","window":{"start":0,"end":15}})",
          R"({"device_name":"d","window":{"start":0,"end":15},"average":"NaN"})",
          R"({"device_name":"d","window":{"start":0,"end":15},"average":null})",
          R"({"device_name":"d","window":{"start":0,"end":15},"average":{}})",
          R"({"device_name":null,"window":{"start":0,"end":15},"average":1})",
          R"({"device_name":"d","window":[],"average":1})",
          R"({"device_name":"d","window":{"start":0,"end":"soon"},"average":1})"}) {
        CAPTURE(value);
        CHECK_FALSE(maker.make(value).ok());
    }
}

TEST_CASE("each relay of the topic makes its own event", "[emitter]") {
    const std::vector<Relay> relays{{"out", "emit", "/", Shape::card},
                                    {"other", "x", "/", Shape::raw},
                                    {"out", "window", "/live", Shape::raw}};
    const std::vector<Header> headers{
        {"weir-window", "w1"}, {"weir-final", "true"}, {"twice", "1"}, {"twice", "2\""}};
    const auto out = translate(relays, {.topic = "out",
                                        .partition = 3,
                                        .offset = 17,
                                        .timestamp_ms = 1728306165000,
                                        .key = "device2",
                                        .value = result,
                                        .headers = headers});
    REQUIRE(out.size() == 2);
    CHECK(out[0].relay == 0);
    CHECK(out[0].value.find("\"window_start\":\"15:29:15\"") != std::string::npos);
    CHECK(out[0].meta.empty());
    CHECK(out[1].relay == 2);
    CHECK(out[1].value == result);
    CHECK(out[1].meta ==
          R"({"topic":"out","partition":3,"offset":17,"timestamp_ms":1728306165000,)"
          R"("key":"device2","headers":{"weir-window":"w1","weir-final":"true","twice":"2\""}})");
    CHECK(out[1].finality == Finality::final_result);
    CHECK(out[1].slot == "device2\nw1");
}

TEST_CASE("bytes that are not UTF-8 do no harm in keys and headers", "[emitter]") {
    const std::vector<Header> headers{{"h\xFF", "\xFE"}};
    CHECK(meta_json({.topic = "t", .headers = headers}) ==
          "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"timestamp_ms\":-1,\"key\":null,"
          "\"headers\":{\"h\xEF\xBF\xBD\":\"\xEF\xBF\xBD\"}}");
    CHECK(meta_json({.topic = "t", .key = "\x80"}).find("\"key\":\"\xEF\xBF\xBD\"") !=
          std::string::npos);
}

TEST_CASE("flawed values become no event and say why", "[emitter]") {
    const std::vector<Relay> raw{{"t", "late", "/live", Shape::raw}};
    const std::vector<Relay> card{{"t", "emit", "/", Shape::card}};
    const std::string large = "{\"a\":\"" + std::string(1000, 'x') + "\"}";
    for (const std::string_view value :
         {"", "{", "\xFF", "null", "[]", "7", "{} {}", "{\"a\":NaN}", "{\"a\":\"\xFF\"}"}) {
        CAPTURE(value);
        const auto out = translate(raw, {.topic = "t", .value = value});
        CHECK(out.at(0).flaw == Flaw::not_an_object);
        CHECK(out.at(0).value.empty());
        CHECK_FALSE(out.at(0).why.empty());
    }
    CHECK(translate(raw, {.topic = "t", .value = large}).at(0).flaw == Flaw::too_large);
    CHECK(translate(card, {.topic = "t", .value = "{}"}).at(0).flaw == Flaw::not_a_result);
    CHECK(translate(raw, {.topic = "unknown", .value = "{}"}).empty());
}

TEST_CASE("a dead letter is sent whatever it holds", "[emitter]") {
    const std::vector<Relay> relays{{"t", "dead", "/live", Shape::raw}};
    const std::vector<Header> headers{{"weir-error", "not a number"}};
    const auto value_of = [&](std::string_view value) {
        return translate(relays, {.topic = "t", .value = value, .headers = headers}).at(0).value;
    };
    CHECK(value_of("{\"a\":1}") == "{\"a\":1}");
    CHECK(value_of("8x\xFF") == "\"8x\xEF\xBF\xBD\"");
    CHECK(value_of("") == "\"\"");
    CHECK(value_of(std::string(900'000, 'x')).size() == Translator::dead_value_bytes_max + 2);
    const std::string large_object = "{\"a\":\"" + std::string(5000, 'x') + "\"}";
    CHECK(value_of(large_object).starts_with("\"{\\\"a\\\":"));
}
