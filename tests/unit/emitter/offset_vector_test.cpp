// SPDX-License-Identifier: Apache-2.0
// Goal: what one replica writes another reads back, whoever has got more is seen to, and a text
// from anywhere else is nothing.
#include "offset_vector.hpp"

#include "catch.hpp"

using namespace weir::emitter;

namespace {

OffsetVector example() {
    OffsetVector vector({"windows", "late"});
    vector.set(vector.place("windows"), 0, 5);
    vector.set(vector.place("windows"), 2, 9'007'199'254'740'993);
    return vector;
}

}  // namespace

TEST_CASE("an offset vector is read back as it was, whatever order the topics are named in",
          "[emitter]") {
    const OffsetVector vector = example();
    CHECK(vector.text().substr(8) == ":;5,0,9007199254740993");
    const auto read = OffsetVector({"late", "windows"}).read(vector.text());
    REQUIRE(read);
    CHECK(*read == vector);
    CHECK(read->next(read->place("windows"), 2) == 9'007'199'254'740'993);
    CHECK(read->next(read->place("windows"), 7) == 0);
    CHECK(vector.partitions() == 3);
    CHECK(OffsetVector({"a"}).read(OffsetVector({"a"}).text()) == OffsetVector({"a"}));
}

TEST_CASE("offsets of other topics mean nothing", "[emitter]") {
    CHECK_FALSE(OffsetVector({"windows"}).read(example().text()));
    CHECK_FALSE(OffsetVector({"windows", "later"}).read(example().text()));
    CHECK_FALSE(OffsetVector({"windows", "late", "dead"}).read(example().text()));
}

TEST_CASE("a text that is no offset vector is nothing", "[emitter]") {
    const std::string tag = example().text().substr(0, 8);
    for (const char* rest :
         {"", ":", ":1", "1;2", ":1;2;3", ":1,;2", ":,1;2", ":-1;2", ":1;2x", ":1;2,", ":1 ;2",
          ":99999999999999999999;1", ";1:2", ":1.5;2"}) {
        CAPTURE(rest);
        CHECK_FALSE(example().read(tag + rest));
    }
    CHECK(example().read(tag + ":1;2"));
    std::string endless = tag + ":1";
    for (int i = 0; i < 100; ++i)
        endless += ",1";
    CHECK_FALSE(example().read(endless + ";"));
    CHECK(example().read(endless.substr(0, endless.size() - 2) + ";"));
}

TEST_CASE("who has got all that another has covers it", "[emitter]") {
    OffsetVector here = example();
    OffsetVector there = example();
    CHECK(here.covers(there));
    there.set(there.place("late"), 1, 0);  // a partition that was added, and is empty
    CHECK(here.covers(there));
    there.set(there.place("late"), 1, 1);
    CHECK_FALSE(here.covers(there));
    CHECK(there.covers(here));
    here.set(here.place("windows"), 0, 6);
    CHECK_FALSE(there.covers(here));
}
