// SPDX-License-Identifier: Apache-2.0
// Goal: what is JSON is read, what is not is refused with its place; both readers agree. Method:
// tables of good and bad texts, run through Document and Extractor alike.
#include "json/document.hpp"

#include <fmt/format.h>

#include <string>

#include "catch.hpp"
#include "json/extractor.hpp"

using namespace weir;
using namespace weir::json;
using namespace std::string_literals;

namespace {

Pointer at(std::string_view text) { return *Pointer::parse(text); }

constexpr std::string_view reading =
    R"({"timestamp":"2024-10-07 13:02:45.123456","device_name":"device2","data":863.850})";

}  // namespace

TEST_CASE("pointers are split as RFC 6901 says", "[json]") {
    CHECK(at("").tokens().empty());
    CHECK(at("/").tokens()[0].empty());
    CHECK(at("/a~1b/m~0n/0").tokens()[0] == "a/b");
    CHECK(at("/a~1b/m~0n/0").tokens()[1] == "m~n");
    CHECK(*Pointer::from_option("data") == at("/data"));
    CHECK(Pointer::member("a/b~c") == at("/a~1b~0c"));
    for (const char* text : {"data", "/a~", "/a~2"})
        CHECK_FALSE(Pointer::parse(text).ok());
    CHECK_FALSE(Pointer::from_option("").ok());
}

TEST_CASE("a document is looked at by pointer", "[json]") {
    Document document;
    REQUIRE(
        document.read(R"( {"a":{"b":[1,{"c":"x\u00e9\ud83d\ude00"}]},"n":null,"e":1.50,"":true} )")
            .ok());
    CHECK(*document.string(at("/a/b/1/c")) == "x\u00e9\U0001F600");
    CHECK(*document.int64(at("/a/b/0")) == 1);
    CHECK(*document.number_text(at("/e")) == "1.50");
    CHECK(document.find(at("/"))->raw() == "true");
    CHECK(document.find(at("/a/b"))->raw() == R"([1,{"c":"x\u00e9\ud83d\ude00"}])");
    CHECK(document.find(at(""))->type() == Type::object);
    for (const char* nothing : {"/x", "/a/b/2", "/a/b/01", "/a/b/-", "/a/b/c", "/e/0"})
        CHECK_FALSE(document.find(at(nothing)));
    CHECK(document.float64(at("/n")).error().message == "/n: expected a number, got null");
    CHECK(document.string(at("/x")).error().message == "/x: expected a string, got nothing");
    CHECK(document.int64(at("/e")).error().message == "/e: expected an integer, got 1.50");
}

TEST_CASE("members come in the order of the text with their bytes", "[json]") {
    Document document;
    REQUIRE(document.read(R"({"b":{"x":[1,2]},"a":1.0,"q\"":"s"})").ok());
    std::string seen;
    for (const Member& member : document.root().members())
        seen += std::string(member.key) + "=" + std::string(member.value.raw()) + ";";
    CHECK(seen == R"(b={"x":[1,2]};a=1.0;q"="s";)");
    CHECK(document.find(at("/a"))->members().begin() == document.find(at("/a"))->members().end());
}

TEST_CASE("elements come in their order, each whole", "[json]") {
    Document document;
    REQUIRE(document.read(R"({"a":[1,[2,3],{"b":4},"s"],"b":[]})").ok());
    std::string seen;
    for (const auto& [key, value] : document.find(at("/a"))->elements())
        seen += std::string(key) + std::string(value.raw()) + ";";
    CHECK(seen == R"(1;[2,3];{"b":4};"s";)");
    for (const Value none : {*document.find(at("/b")), *document.find(at("/a/0")), document.root()})
        CHECK(none.elements().begin() == none.elements().end());
    CHECK(document.find(at("/a"))->members().begin() == document.find(at("/a"))->members().end());
}

TEST_CASE("the last of equal keys counts, as a whole", "[json]") {
    constexpr std::string_view text = R"({"a":{"b":1},"data":"x","data":2,"a":{"c":3}})";
    Document document;
    REQUIRE(document.read(text).ok());
    CHECK(*document.int64(at("/data")) == 2);
    CHECK_FALSE(document.find(at("/a/b")));
    Extractor extractor(
        {{at("/data"), FieldType::int64}, {at("/a/b"), FieldType::int64, Presence::optional}});
    REQUIRE(extractor.extract(text).ok());
    CHECK(extractor.fields()[0].int64 == 2);
    CHECK(extractor.fields()[1].state == Field::State::absent);
}

TEST_CASE("what is not JSON is refused by both readers, with the same sentence", "[json]") {
    const std::string deep = std::string(70, '[') + std::string(70, ']');
    const std::pair<std::string, std::string> table[] = {
        {"", "not JSON: the text is empty"},
        {"   ", "not JSON: the text ends too early, at byte 3"},
        {R"({"a":1)", "not JSON: the text ends too early, at byte 6"},
        {R"({"a":NaN})", "not JSON: NaN at byte 5, and JSON has no such number"},
        {R"({"a":-Infinity})", "not JSON: -Infinity at byte 5, and JSON has no such number"},
        {R"({"a":nan})", "not JSON: nan at byte 5, and JSON has no such number"},
        {R"({"a":1,})", "not JSON: expected a member's name at byte 7"},
        {R"({"a":[1,]})", "not JSON: expected a value at byte 8"},
        {R"({"a":1} x)", "not JSON: something follows the object at byte 8"},
        {"{\"a\":1}\0"s, "not JSON: something follows the object at byte 7"},
        {R"({'a':1})", "not JSON: expected a member's name at byte 1"},
        {R"({"a" 1})", "not JSON: expected a colon after a member's name at byte 5"},
        {R"({"a":1 "b":2})", "not JSON: expected a comma or } after a member at byte 7"},
        {R"({"a":01})", "not JSON: expected a comma or } after a member at byte 6"},
        {R"({"a":1.})", "not JSON: expected a digit after the point at byte 7"},
        {R"({"a":1e999})", "not JSON: a number beyond the range of a double at byte 5"},
        {"{\"a\":\"\xFF\"}", "not JSON: not UTF-8 at byte 6"},
        {"{\"\xC0\xAF\":1}", "not JSON: not UTF-8 at byte 2"},
        {R"({"a":"\ud800x"})", "not JSON: half a surrogate pair at byte 6"},
        {R"({"a":"\udc00"})", "not JSON: half a surrogate pair in the string at byte 5"},
        {R"({"a":"\q"})",
         "not JSON: an unknown escape or a control character in a string at byte 6"},
        {"{\"a\":\"\n\"}",
         "not JSON: an unknown escape or a control character in a string at byte 6"},
        {"[1]", "expected a JSON object, got an array"},
        {"863.850", "expected a JSON object, got a number"},
        {"\"x\"", "expected a JSON object, got a string"},
        {"null", "expected a JSON object, got null"},
        {"/* no */{}", "not JSON: expected a value at byte 0"},
        {R"({"a":)" + deep + "}", "nested deeper than 64 levels"},
        {std::string(2'000'000, ' '), "expected at most 1048576 bytes of JSON, got 2000000"},
    };
    Document document;
    Extractor extractor({});
    for (const auto& [text, sentence] : table) {
        CAPTURE(text.substr(0, 60));
        const auto read = document.read(text);
        REQUIRE_FALSE(read.ok());
        CHECK(read.error().message == sentence);
        const auto extracted = extractor.extract(text);
        REQUIRE_FALSE(extracted.ok());
        CHECK(extracted.error().message == sentence);
    }
}

TEST_CASE("a scalar is the bytes of a string, a number, true or false", "[json]") {
    Extractor extractor({{at("/x"), FieldType::scalar}, {at("/x"), FieldType::text}});
    for (const char* value : {"1.50", "-0", "1e3", "true", "\"7\"", "\"d\\u00e9\""}) {
        CAPTURE(value);
        const std::string record = fmt::format("{{\"x\": {} }}", value);
        REQUIRE(extractor.extract(record).ok());
        CHECK(extractor.fields()[0].text == value);
    }
    const std::pair<const char*, const char*> others[] = {
        {"{\"y\":1}", "an object"}, {"[]", "an array"}, {"null", "null"}};
    for (const auto& [value, got] : others) {
        const auto read = extractor.extract(fmt::format("{{\"x\":{}}}", value));
        REQUIRE_FALSE(read.ok());
        CHECK(read.error().message ==
              fmt::format("/x: expected a string or a number, got {}", got));
    }
}

TEST_CASE("fields are taken out of a record with their types", "[json]") {
    Extractor extractor({{at("/device_name"), FieldType::string},
                         {at("/timestamp"), FieldType::timestamp},
                         {at("/data"), FieldType::float32},
                         {at("/data"), FieldType::float64},
                         {at("/data"), FieldType::text},
                         {at("/more/0/x"), FieldType::int64, Presence::optional}});
    for (int repeat = 0; repeat < 2; ++repeat) {
        REQUIRE(extractor.extract(reading).ok());
        const auto fields = extractor.fields();
        CHECK(fields[0].text == "device2");
        CHECK(iso_milliseconds(fields[1].time) == "2024-10-07T13:02:45.123Z");
        CHECK(fields[2].float32 == 863.85F);
        CHECK(fields[3].float64 == 863.85);
        CHECK(fields[4].text == "863.850");
        CHECK(fields[5].state == Field::State::absent);
        REQUIRE(extractor
                    .extract(R"({"device_name":"d\u00e9","timestamp":1728306165,"data":-1,)"
                             R"("more":[{"x":5},{"x":6}]})")
                    .ok());
        CHECK(extractor.fields()[0].text == "d\u00e9");
        CHECK(iso_milliseconds(extractor.fields()[1].time) == "2024-10-07T13:02:45.000Z");
        CHECK(extractor.fields()[5].int64 == 5);
    }
}

TEST_CASE("a field that is not what it must be is named", "[json]") {
    Extractor extractor({{at("/device_name"), FieldType::string},
                         {at("/data"), FieldType::float32, Presence::optional}});
    const std::pair<const char*, const char*> table[] = {
        {R"({"data":1})", "/device_name: expected a string, got nothing"},
        {R"({"device_name":null})", "/device_name: expected a string, got null"},
        {R"({"device_name":7})", "/device_name: expected a string, got 7"},
        {R"({"device_name":{}})", "/device_name: expected a string, got an object"},
        {R"({"device_name":"d","data":"7.5"})", "/data: expected a number, got the string \"7.5\""},
        {R"({"device_name":"d","data":1e39})",
         "/data: expected a number within the range of a 32-bit float, got 1e39"},
        {R"({"device_name":"d","data":[1]})", "/data: expected a number, got an array"},
    };
    for (const auto& [record, sentence] : table) {
        const auto extracted = extractor.extract(record);
        REQUIRE_FALSE(extracted.ok());
        CHECK(extracted.error().message == sentence);
    }
    REQUIRE(extractor.extract(R"({"device_name":"d","data":null})").ok());
    CHECK(extractor.fields()[1].state == Field::State::null);
}
