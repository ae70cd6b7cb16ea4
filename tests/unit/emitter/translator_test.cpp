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

struct Rules {
    std::vector<Keys> keys = {};
    std::vector<Map> maps = {};
};

std::vector<Outgoing> translate(const std::vector<Relay>& relays, const Input& input,
                                const Rules& rules = {}) {
    const json::TimeZone zone = belgrade();
    constexpr Bytes value_max{1000};
    auto selections = make_selections(relays, rules.keys, rules.maps, value_max);
    REQUIRE(selections.ok());
    Translator translator(relays, zone, value_max.count, std::move(*selections));
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

TEST_CASE("only records with a key that matches become the event", "[emitter]") {
    const std::vector<Relay> relays{{"t", "some", "/", Shape::raw}, {"t", "all", "/", Shape::raw}};
    const auto keys = [](const char* text) { return *config::Codec<Keys>::parse(text); };
    const auto filters = [&](const char* option, std::optional<std::string_view> key) {
        const auto out =
            translate(relays, {.topic = "t", .key = key, .value = "{}"}, {{keys(option)}});
        CHECK(out.at(1).is_event());
        CHECK(out.at(0).is_event() == (out.at(0).filter == Filter::none));
        CHECK(out.at(0).value.empty() == !out.at(0).is_event());
        return out.at(0).filter;
    };
    CHECK(filters("some=a*,b", "abc") == Filter::none);
    CHECK(filters("some=a*,b", "b") == Filter::none);
    CHECK(filters("some=a*,b", "bc") == Filter::key);
    CHECK(filters("some=a*,b", std::nullopt) == Filter::key);
    CHECK(filters("some=*", "") == Filter::none);
    CHECK(filters("some=*", "a/b.c") == Filter::none);
    CHECK(filters("some=*", std::nullopt) == Filter::key);
    CHECK(filters("some=a*", std::string_view("ab\0c", 4)) == Filter::key);
    CHECK(filters("some=device[1-3]", "device2") == Filter::none);
    CHECK(filters("some=device[1-3]", "device4") == Filter::key);

    // What is left out is not looked at.
    const auto out =
        translate(relays, {.topic = "t", .key = "a", .value = "not JSON"}, {{keys("some=b")}});
    CHECK((out.at(0).filter == Filter::key && out.at(0).flaw == Flaw::none));
    CHECK(out.at(1).flaw == Flaw::not_an_object);
}

TEST_CASE("a map makes the event's value, or none, or a flaw", "[emitter]") {
    const std::vector<Relay> relays{{"t", "a", "/live", Shape::raw}, {"t", "b", "/", Shape::raw}};
    const auto mapped = [&](const std::string& program, std::string_view value,
                            std::span<const Header> headers = {}) {
        const Rules rules{.maps = {*config::Codec<Map>::parse("a@/live=" + program)}};
        const auto out = translate(
            relays, {.topic = "t", .offset = 7, .key = "k", .value = value, .headers = headers},
            rules);
        // The map is another event's.
        if (headers.empty() && out.at(1).is_event()) CHECK(out.at(1).value == value);
        CHECK(out.at(0).is_event() == !out.at(0).meta.empty());
        return out.at(0);
    };
    CHECK(mapped("{n: .data}", R"({"data":5,"more":1})").value == R"({"n":5})");
    CHECK(mapped(".data", R"({"data":5})").value == "5");
    CHECK(mapped("select(.data > 4)", R"({"data": 5.50})").value == R"({"data": 5.50})");
    CHECK(mapped("select(.data > 9)", R"({"data":5})").filter == Filter::map);
    CHECK(mapped("$meta | [.key, .offset, .headers.h]", "{}", std::array{Header{"h", "1"}}).value ==
          R"(["k",7,"1"])");

    const std::string large = "{\"a\":\"" + std::string(1000, 'x') + "\"}";
    CHECK(mapped("error(\"no\")", "{}").flaw == Flaw::map_failed);
    CHECK(mapped("error(\"no\")", "{}").why == "no");
    CHECK(mapped("1, 2", "{}").flaw == Flaw::map_failed);
    CHECK(mapped(".", "[]").flaw == Flaw::not_an_object);
    CHECK(mapped(".", large).flaw == Flaw::too_large);
    CHECK(mapped("\"x\" * 1000", "{}").flaw == Flaw::too_large);
    CHECK(mapped(".", "8x", std::array{Header{"weir-error", "not a number"}}).flaw ==
          Flaw::not_an_object);
    CHECK(mapped("keys", R"({"a":1})", std::array{Header{"weir-error", "e"}}).value == R"(["a"])");
}

TEST_CASE("a card is made of what the map gives", "[emitter]") {
    const std::vector<Relay> relays{{"t", "emit", "/", Shape::card}};
    const auto map = [](const char* text) {
        return Rules{.maps = {*config::Codec<Map>::parse(text)}};
    };
    const Input input{.topic = "t", .value = result};
    CHECK(translate(relays, input, map("emit=.device_name = \"d\""))
              .at(0)
              .value.starts_with(R"({"device_name":"d","window_start":"15:29:15")"));
    CHECK(translate(relays, input, map("emit=del(.window)")).at(0).flaw == Flaw::not_a_result);
}
