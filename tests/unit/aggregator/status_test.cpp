// SPDX-License-Identifier: Apache-2.0
// Goal: a status record says what the documents show and reads back as what was written. Method:
// write, compare, read.
#include "status.hpp"

#include "aggregation/group_key.hpp"
#include "catch.hpp"
#include "example.hpp"

using namespace weir;
using namespace weir::aggregator;
using namespace std::chrono_literals;

namespace {

const EventTime some_time{1'728'306'165'123'456us};

std::string header(const kafka::HeaderList& list, std::string_view name) {
    for (const kafka::Header& header : list.views())
        if (header.name == name) return std::string(header.value);
    return {};
}

}  // namespace

TEST_CASE("each status has its members", "[aggregator]") {
    StatusWriter writer(example_options());
    StatusRecord record{.key = "device2", .last = some_time, .last_offset = Offset{17}};
    CHECK(writer.value(record) ==
          R"({"device_name":"device2","status":"present","last":"2024-10-07T13:02:45.123456Z"})");
    CHECK(writer.key(record) == "device2");
    record.status = Status::missing;
    record.since = some_time + 10s;
    CHECK(writer.value(record) ==
          R"({"device_name":"device2","status":"missing","last":"2024-10-07T13:02:45.123456Z",)"
          R"("since":"2024-10-07T13:02:55.123456Z"})");
    record.status = Status::back;
    record.away = 61s + 1999us;
    CHECK(writer.value(record) ==
          R"({"device_name":"device2","status":"back","last":"2024-10-07T13:02:45.123456Z",)"
          R"("away_ms":61001})");

    const auto headers = StatusWriter::headers(record, "in", Partition{3}, "aggregator/x");
    CHECK(header(headers, "weir-origin") == "aggregator/x");
    CHECK(header(headers, "weir-source") == "in/3:17-17");
}

TEST_CASE("what was written reads back, with one field in the key or several", "[aggregator]") {
    for (const bool several : {false, true}) {
        Options options = example_options();
        std::string key = "a-b:\"1\"";
        if (several) {
            options.key = {"site,/device/name"};
            key.clear();
            append_key_part(key, "north");
            append_key_part(key, "7");
        }
        StatusWriter writer(options);
        StatusParser parser(options);
        for (const Status status : {Status::present, Status::missing, Status::back}) {
            const StatusRecord record{.status = status,
                                      .key = key,
                                      .last = some_time,
                                      .last_offset = Offset{9'000'000'000},
                                      .since = some_time + 1s};
            const auto read = parser.read(writer.value(record), "a-b/0:1-9000000000");
            REQUIRE(read.ok());
            CHECK(read->status == status);
            CHECK(read->key == key);
            CHECK(read->last == some_time);
            CHECK(read->last_offset == Offset{9'000'000'000});
        }
        CHECK(writer.key({.key = key}) == (several ? R"(["north","7"])" : "a-b:\"1\""));
    }
}

TEST_CASE("what is no status record is refused with the reason", "[aggregator]") {
    StatusParser parser(example_options());
    const std::string good = R"({"device_name":"a","status":"back","last":"2024-10-07T13:02:45Z"})";
    const auto says = [&](std::string_view value, std::string_view source, const char* words) {
        const auto read = parser.read(value, source);
        REQUIRE(!read.ok());
        INFO(read.error().message);
        CHECK(read.error().message.find(words) != std::string::npos);
    };
    says("{", "in/0:1-1", "JSON");
    says(R"({"device_name":"a","last":"2024-10-07T13:02:45Z"})", "in/0:1-1", "/status");
    says(R"({"device_name":"a","status":"gone","last":"2024-10-07T13:02:45Z"})", "in/0:1-1",
         "expected status present, missing or back, got \"gone\"");
    says(good, "", "weir-source");
    says(good, "in/0:1-x", "got \"in/0:1-x\"");
}
