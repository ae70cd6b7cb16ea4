// SPDX-License-Identifier: Apache-2.0
// Goal: records come out byte for byte as their readers know them.
#include "json/writer.hpp"

#include "catch.hpp"
#include "json/document.hpp"

using namespace weir;
using namespace weir::json;

TEST_CASE("a result is written as the seed's job writes it", "[json]") {
    std::string out;
    Writer writer(out, NumberStyle::java);
    writer.begin_object().key("device_name").string("device2").key("window").begin_object();
    writer.key("start").string("2024-10-07T13:02:45.000Z");
    writer.key("end").string("2024-10-07T13:03:00.000Z").end_object();
    writer.key("average").number(863.852).end_object();
    CHECK(out == R"({"device_name":"device2","window":{"start":"2024-10-07T13:02:45.000Z",)"
                 R"("end":"2024-10-07T13:03:00.000Z"},"average":863.852})");
}

TEST_CASE("a reading is written as the seed's bridge writes it", "[json]") {
    std::string out;
    Writer(out, NumberStyle::python)
        .begin_object()
        .key("timestamp")
        .string("2024-10-07 13:02:45.123456")
        .key("device_name")
        .string("device2")
        .key("data")
        .number(863.850)
        .end_object();
    CHECK(out ==
          R"({"timestamp":"2024-10-07 13:02:45.123456","device_name":"device2","data":863.85})");
}

TEST_CASE("nested values have their commas", "[json]") {
    std::string out;
    Writer writer(out, NumberStyle::java);
    writer.begin_object().key("list").begin_array().number(std::int64_t{1}).null().boolean(true);
    writer.begin_array().end_array().begin_object().end_object().raw("1.50").end_array();
    writer.key("f").number(1.1F).key("empty").begin_object().end_object().end_object();
    CHECK(out == R"({"list":[1,null,true,[],{},1.50],"f":1.1,"empty":{}})");
}

TEST_CASE("any text becomes valid JSON", "[json]") {
    std::string out;
    const std::string nasty("q\"b\\n\n\x01z\xFF\xC3\xA9\0e", 13);
    Writer(out, NumberStyle::java).begin_object().key(nasty).string(nasty).end_object();
    Document document;
    CHECK(document.read(out).ok());
}
