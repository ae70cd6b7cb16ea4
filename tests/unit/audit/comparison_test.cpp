// SPDX-License-Identifier: Apache-2.0
// Goal: two topics of results are compared over what both cover, and nothing else. Method: rows put
// together by hand.
#include "comparison.hpp"

#include "catch.hpp"

using namespace weir;
using namespace weir::audit;
using namespace std::chrono_literals;

namespace {

constexpr Partition own_partition{3};

/// The row of the window [start, start + 10 s) of `key`.
WrittenRow row(const char* key, std::chrono::seconds start, const char* value,
               std::uint32_t revision = 0) {
    WrittenRow made{.key = key, .value = value};
    made.window = {EventTime{start}, EventTime{start + 10s}};
    made.revision = revision;
    made.source = {"in", own_partition, Offset{start.count()}, Offset{start.count() + 1}};
    return made;
}

Results results(const char* topic, std::initializer_list<WrittenRow> rows, bool cut = false) {
    Results made(topic);
    for (const WrittenRow& each : rows)
        made.add(each, cut);
    return made;
}

}  // namespace

TEST_CASE("equal rows are alike, in whatever order", "[audit]") {
    const auto live = results("live", {row("a", 0s, "1"), row("b", 0s, "2"), row("a", 10s, "3")});
    const auto shadow =
        results("shadow", {row("b", 0s, "2"), row("a", 0s, "1"), row("a", 10s, "3")});
    const Comparison found = compare(live, shadow, 10);
    CHECK(found.alike == 3);
    CHECK(found.differences() == 0);
    CHECK(found.notes.empty());
}

TEST_CASE("what differs is counted and named", "[audit]") {
    const auto live = results("live", {row("a", 0s, "1"), row("b", 0s, "2"), row("z", 20s, "9")});
    const auto shadow =
        results("shadow", {row("a", 0s, "1.5"), row("c", 0s, "3"), row("z", 20s, "9")});
    const Comparison found = compare(live, shadow, 2);
    CHECK(found.alike == 1);
    CHECK(found.different == 1);
    CHECK(found.only_in_first == 1);
    CHECK(found.only_in_second == 1);
    REQUIRE(found.examples.size() == 2);
    CHECK(found.examples[0] ==
          "different: key \"a\" window 1970-01-01T00:00:00.000Z/1970-01-01T00:00:10.000Z: live has "
          "revision 0 at 0:0, 1, shadow has revision 0 at 0:0, 1.5");
    CHECK(found.examples[1].starts_with("only in live: key \"b\""));
}

TEST_CASE("what only one topic can have yet is outside", "[audit]") {
    const auto live = results("live", {row("a", 0s, "1"), row("a", 10s, "2")});
    const auto shadow =
        results("shadow", {row("a", 0s, "1"), row("a", 10s, "2"), row("a", 20s, "3")});
    CHECK(compare(live, shadow, 10).outside_in_second == 1);
    CHECK(compare(live, shadow, 10).differences() == 0);

    WrittenRow elsewhere = row("q", 0s, "1");
    elsewhere.source.partition = Partition{9};
    const auto more = results("shadow", {row("a", 0s, "1"), row("a", 10s, "2"), elsewhere});
    const Comparison found = compare(live, more, 10);
    CHECK(found.outside_in_second == 1);
    CHECK(found.notes ==
          std::vector<std::string>{"of in/9 there is no row in live: it is not compared"});
}

TEST_CASE("windows that may not be whole in one topic are outside", "[audit]") {
    WrittenRow torn = row("a", 10s, "7");
    torn.incomplete = true;
    const auto live = results("live", {row("a", 0s, "1"), row("a", 10s, "2"), row("a", 20s, "3")});
    const auto shadow = results("shadow", {torn, row("a", 20s, "3")});
    const Comparison found = compare(live, shadow, 10);
    CHECK(found.alike == 1);
    CHECK(found.differences() == 0);
    CHECK(found.outside_in_first == 2);

    const auto cut =
        results("shadow", {row("b", 0s, "5"), row("a", 10s, "2"), row("a", 20s, "3")}, true);
    CHECK(compare(live, cut, 10).differences() == 0);
    CHECK(compare(live, cut, 10).alike == 2);
}

TEST_CASE("of several revisions the newest counts that both have seen the input of", "[audit]") {
    WrittenRow revised = row("a", 0s, "1.5", 1);
    revised.source.last = Offset{15};
    const auto live =
        results("live", {row("a", 0s, "1"), row("a", 10s, "2"), revised, row("a", 20s, "3")});
    const auto behind = results("shadow", {row("a", 0s, "1"), row("a", 10s, "2")});
    CHECK(compare(live, behind, 10).alike == 2);
    const auto level =
        results("shadow", {row("a", 0s, "1"), row("a", 10s, "2"), row("a", 20s, "3")});
    CHECK(compare(live, level, 10).different == 1);
    CHECK(compare(live, live, 10).alike == 3);
}
