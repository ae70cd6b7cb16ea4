// SPDX-License-Identifier: Apache-2.0
// Goal: the headers of a result are read as docs/topics.md has them, and what is none is said.
#include "written_row.hpp"

#include <map>

#include "catch.hpp"

using namespace weir;
using namespace weir::audit;
using namespace std::chrono_literals;

namespace {

using List = std::map<std::string_view, std::string_view>;

const List good{{"weir-window", "1970-01-01T00:00:15.000Z/1970-01-01T00:00:30.000250Z"},
                {"weir-count", "7"},
                {"weir-final", "true"},
                {"weir-revision", "2"},
                {"weir-watermark", "1970-01-01T00:00:31.000Z"},
                {"weir-source", "dir/a:b-c/12:100-250"}};

Result<WrittenRow> read(const List& list) {
    return read_headers([&](std::string_view name) -> std::optional<std::string_view> {
        const auto found = list.find(name);
        return found == list.end() ? std::nullopt : std::optional(found->second);
    });
}

}  // namespace

TEST_CASE("a result's headers are taken apart", "[audit]") {
    const auto row = read(good);
    REQUIRE(row.ok());
    CHECK(row->window == Span{EventTime{15s}, EventTime{30s + 250us}});
    CHECK(text(row->window) == good.at("weir-window"));
    CHECK(row->count == 7);
    CHECK(row->revision == 2);
    CHECK(row->watermark == EventTime{31s});
    CHECK(row->source.topic == "dir/a:b-c");
    CHECK(row->source.partition == Partition{12});
    CHECK(row->source.first == Offset{100});
    CHECK(row->source.last == Offset{250});
    CHECK(!row->incomplete);

    List more = good;
    more["weir-watermark"] = "none";
    more["weir-incomplete"] = "because";
    more["weir-beyond-bound"] = "p95,n";
    const auto other = read(more);
    REQUIRE(other.ok());
    CHECK(!other->watermark);
    CHECK(other->incomplete);
    CHECK(other->beyond_bound == "p95,n");
}

TEST_CASE("what is no final result is refused by the header", "[audit]") {
    const std::pair<std::string_view, std::string_view> bad[] = {
        {"weir-final", "false"},        {"weir-window", "1970-01-01T00:00:15.000Z"},
        {"weir-window", "then/now"},    {"weir-count", "many"},
        {"weir-revision", "-1"},        {"weir-source", "in/3"},
        {"weir-source", "in:3-4"},      {"weir-source", "in/x:3-4"},
        {"weir-watermark", "yesterday"}};
    for (const auto& [name, value] : bad) {
        CAPTURE(name, value);
        List list = good;
        list[name] = value;
        const auto row = read(list);
        REQUIRE(!row.ok());
        CHECK(row.error().message.starts_with(name));
    }
    List less = good;
    less.erase("weir-source");
    CHECK(read(less).error().message == "weir-source: no such header");
}
