// SPDX-License-Identifier: Apache-2.0
// Goal: of each key the last event is kept, in their order, within both limits.
#include "latest.hpp"

#include "catch.hpp"

using weir::emitter::Latest;
using Args = std::vector<std::string_view>;

TEST_CASE("of each key the last event is kept, oldest first", "[emitter]") {
    Latest latest({.keys_max = 10, .bytes_max = 1000});
    CHECK(latest.since(0).empty());
    latest.put("a", 1, "a1");
    latest.put("b", 2, "b2");
    latest.put("", 3, "none");
    latest.put("a", 4, "a4");
    CHECK(latest.since(0) == Args{"b2", "none", "a4"});
    CHECK(latest.since(3) == Args{"none", "a4"});
    CHECK(latest.since(4) == Args{"a4"});
    CHECK(latest.since(5).empty());
    CHECK(latest.keys() == 3);
    CHECK(latest.bytes() == 2 * 3 + 4);
}

TEST_CASE("only some keys can be asked for", "[emitter]") {
    Latest latest({.keys_max = 10, .bytes_max = 1000});
    int number = 0;
    for (const std::string key : {"a", "b", "c", "a"}) {
        ++number;
        latest.put(key, static_cast<std::uint64_t>(number), key + std::to_string(number));
    }
    const weir::emitter::KeySet only{"a", "c", "d"};
    CHECK(latest.since(0, &only) == Args{"c3", "a4"});
    CHECK(latest.since(4, &only) == Args{"a4"});
    const weir::emitter::KeySet none;
    CHECK(latest.since(0, &none).empty());
}

TEST_CASE("the keys that have been silent for longest go first", "[emitter]") {
    Latest few({.keys_max = 2, .bytes_max = 1000});
    Latest small({.keys_max = 10, .bytes_max = 6});
    for (Latest* latest : {&few, &small}) {
        latest->put("a", 1, "a1");
        latest->put("b", 2, "b2");
        latest->put("a", 3, "a3");
        latest->put("c", 4, "c4");
        CHECK(latest->since(0) == Args{"a3", "c4"});
    }
    small.put("d", 5, "too large");
    CHECK(small.since(0).empty());
    CHECK(small.bytes() == 0);
}
