// SPDX-License-Identifier: Apache-2.0
// Goal: a client's list of keys is what it says, and anything else is refused with a sentence.
#include "key_set.hpp"

#include <map>

#include "catch.hpp"

using namespace weir::emitter;

TEST_CASE("a list of keys is a set of them", "[emitter]") {
    const auto keys = read_keys(R"(["b","a","b","\u00e9\"",""])", 4);
    REQUIRE(keys.ok());
    CHECK(*keys == KeySet{"", "a", "b", "\u00e9\""});
    CHECK(to_json(*keys) == "[\"\",\"a\",\"b\",\"\u00e9\\\"\"]");
    CHECK(read_keys("[]", 1)->empty());
    CHECK(to_json({}) == "[]");
}

TEST_CASE("what is no list of keys is refused", "[emitter]") {
    const std::string list = "expected a list of keys such as [\"device1\"], got ";
    const std::string one = "expected one list of keys such as [\"device1\"]";
    const std::map<std::string, std::string> cases{
        {"", one},
        {"[\"a\"],[\"b\"]", one},
        {"[\"\\ud800\"]", one},
        {"\"a\"", list + "a string"},
        {"{\"a\":[\"b\"]}", list + "an object"},
        {"null", list + "null"},
        {"[1]", list + "a number in it"},
        {"[[\"a\"]]", list + "an array in it"},
        {"[\"a\",\"b\",\"c\"]", list + "more than 2 keys"},
        {"[\"" + std::string(256, 'x') + "\"]", list + "a key of more than 255 bytes"},
    };
    for (const auto& [args, message] : cases) {
        CAPTURE(args);
        const auto keys = read_keys(args, 2);
        REQUIRE_FALSE(keys.ok());
        CHECK(keys.error().message == message);
    }
    CHECK(read_keys("[\"" + std::string(255, 'x') + "\"]", 2).ok());
}
