// SPDX-License-Identifier: Apache-2.0
// Goal: a row becomes the record the contract shows, to the last digit. Method: rows in, bytes out.
#include "aggregation/result.hpp"

#include <array>

#include "aggregation/group_key.hpp"
#include "example_rules.hpp"
#include "kafka/headers.hpp"

using namespace weir;
using namespace weir::aggregation;

namespace {

// 2024-10-07T13:02:45Z
constexpr EventTime start{std::chrono::microseconds{1'728'306'165'000'000}};

window::Output float64(double value) {
    window::Output output;
    output.kind = window::Output::Kind::float64;
    output.float64 = value;
    return output;
}

window::Row row_of(std::span<const window::Output> values) {
    return {.window = {start, start + std::chrono::seconds{15}},
            .key = "device2",
            .values = values,
            .records = 2,
            .first_offset = Offset{7},
            .last_offset = Offset{19},
            .watermark = start + std::chrono::seconds{16}};
}

std::string header_of(const kafka::HeaderList& list, std::string_view name) {
    for (const kafka::Header& header : list.views())
        if (header.name == name) return std::string(header.value);
    return "absent";
}

}  // namespace

TEST_CASE("a mean has the digits Spark writes", "[aggregation]") {
    const std::pair<double, const char*> cases[] = {
        {863.8514709472656, "863.851"},
        {432.4749878048897, "432.475"},
        {1.0, "1.0"},
        {1.0005, "1.001"},
        {0.2, "0.2"},
        {-1.0005, "-1.001"},
        {0.0004, "0.0"},
        {1e7, "1.0E7"},
        {12345.6785, "12345.679"},
    };
    ResultWriter writer(example_rules());
    for (const auto& [mean, text] : cases) {
        const std::array values{float64(mean)};
        const std::string expected =
            R"({"device_name":"device2","window":{"start":"2024-10-07T13:02:45.000Z",)"
            R"("end":"2024-10-07T13:03:00.000Z"},"average":)" +
            std::string(text) + "}";
        CHECK(writer.value(row_of(values)) == expected);
    }
}

TEST_CASE("a column without a value is null, a count has no point", "[aggregation]") {
    Rules rules = example_rules();
    rules.aggregates.push_back({.output = "n"});
    rules.window_form = WindowForm::flat;
    rules.window_field = "w";
    rules.key = {"/device/name"};
    window::Output count;
    count.kind = window::Output::Kind::int64;
    count.int64 = 12;
    const std::array values{window::Output{}, count};
    ResultWriter writer(rules);
    CHECK(writer.value(row_of(values)) ==
          R"({"name":"device2","w_start":"2024-10-07T13:02:45.000Z",)"
          R"("w_end":"2024-10-07T13:03:00.000Z","average":null,"n":12})");
}

TEST_CASE("each field of a key has its name, and together they are the record's key",
          "[aggregation]") {
    Rules rules = example_rules();
    rules.key = {"site", "/device/name"};
    std::string key;
    append_key_part(key, "north");
    append_key_part(key, "7:\"x\"");
    const std::array values{float64(1)};
    window::Row row = row_of(values);
    row.key = key;
    ResultWriter writer(rules);
    CHECK(writer.key(row) == R"(["north","7:\"x\""])");
    CHECK(writer.value(row).starts_with(R"({"site":"north","name":"7:\"x\"","window":)"));
}

TEST_CASE("a text is written as one, and what is beyond its bound is null and named",
          "[aggregation]") {
    Rules rules = example_rules();
    rules.aggregates.push_back({.output = "state"});
    rules.aggregates.push_back({.output = "p95"});
    window::Output text;
    text.kind = window::Output::Kind::text;
    text.text = "on";
    window::Output beyond;
    beyond.kind = window::Output::Kind::beyond;
    const std::array values{beyond, text, beyond};
    ResultWriter writer(rules);
    CHECK(writer.value(row_of(values)).ends_with(R"("average":null,"state":"on","p95":null})"));
    CHECK(header_of(writer.headers(row_of(values), "in", Partition{3}, "me"),
                    kafka::header::beyond_bound) == "average,p95");
}

TEST_CASE("a window that begins between two milliseconds is told from its neighbour",
          "[aggregation]") {
    CHECK(window_text({start + std::chrono::microseconds{1}, start + std::chrono::seconds{1}}) ==
          "2024-10-07T13:02:45.000001Z/2024-10-07T13:02:46.000Z");
}

TEST_CASE("without rounding all digits are written", "[aggregation]") {
    Rules rules = example_rules();
    rules.round.reset();
    const std::array values{float64(432.4749878048897)};
    ResultWriter writer(rules);
    CHECK(writer.value(row_of(values)).find(R"("average":432.4749878048897})") !=
          std::string_view::npos);
}

TEST_CASE("a result explains itself in its headers", "[aggregation]") {
    namespace header = kafka::header;
    const std::array values{float64(1)};
    const ResultWriter writer(example_rules());
    window::Row row = row_of(values);
    const auto final_row = writer.headers(row, "in", Partition{3}, "aggregator/me-1");
    CHECK(header_of(final_row, header::origin) == "aggregator/me-1");
    CHECK(header_of(final_row, header::window) ==
          "2024-10-07T13:02:45.000Z/2024-10-07T13:03:00.000Z");
    CHECK(header_of(final_row, header::count) == "2");
    CHECK(header_of(final_row, header::final_result) == "true");
    CHECK(header_of(final_row, header::revision) == "0");
    CHECK(header_of(final_row, header::watermark) == "2024-10-07T13:03:01.000Z");
    CHECK(header_of(final_row, header::source) == "in/3:7-19");
    CHECK(header_of(final_row, header::incomplete) == "absent");

    row.finality = window::Finality::partial;
    row.complete = false;
    row.watermark = window::no_watermark;
    const auto partial = writer.headers(row, "in", Partition{3}, "aggregator/me-1");
    CHECK(header_of(partial, header::final_result) == "false");
    CHECK(header_of(partial, header::revision) == "absent");
    CHECK(header_of(partial, header::watermark) == "none");
    CHECK(header_of(partial, header::incomplete) != "absent");
}
