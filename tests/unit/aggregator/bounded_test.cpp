// SPDX-License-Identifier: Apache-2.0
// Goal: a bounded run closes everything, gives each record one fate, and is described right.
// Method: streams of records in memory, an outlet that keeps what it gets; no broker, no file.
#include "bounded.hpp"

#include <deque>

#include "example.hpp"
#include "table.hpp"

using namespace weir;
using namespace weir::aggregator;
using namespace std::chrono_literals;

namespace {

/// Streams of values, given out two at a time.
class MemoryInput final : public BoundedInput {
public:
    explicit MemoryInput(std::vector<std::vector<std::string>> streams)
        : streams_(std::move(streams)) {}

    Result<std::optional<Stream>> next_stream() override {
        if (following_ == streams_.size()) return std::optional<Stream>{};
        at_ = 0;
        return std::optional(
            Stream{{"in", Partition{static_cast<std::int32_t>(following_++)}}, Offset{0}});
    }
    Result<Batch> read() override {
        const auto& values = streams_[following_ - 1];
        records_.clear();
        for (std::size_t i = 0; i < 2 && at_ < values.size(); ++i, ++at_) {
            kafka::RecordView record;
            record.topic = "in";
            record.key = "a";
            record.value = values[at_];
            record.offset = Offset{static_cast<std::int64_t>(at_)};
            records_.push_back(record);
        }
        return Batch{records_, at_ == values.size()};
    }
    [[nodiscard]] Measure measure() const override { return {}; }
    [[nodiscard]] std::string place(const kafka::RecordView& record) const override {
        return "here:" + std::to_string(number(record.offset));
    }

private:
    std::vector<std::vector<std::string>> streams_;
    std::size_t following_ = 0;
    std::size_t at_ = 0;
    std::vector<kafka::RecordView> records_;
};

struct Kept final : Outlet {
    kafka::Outcome<void> send(const kafka::OutgoingRecord& record) override {
        if (full) return kafka::Failure{kafka::Meaning::fatal, 0, "the disk is full"};
        records.push_back(std::string(record.topic) + " " + std::string(record.value));
        return {};
    }
    std::vector<std::string> records;
    bool full = false;
};

std::string reading(int second, int data) {
    return fmt::format(R"({{"timestamp":"2024-10-07 12:00:{:02}","device_name":"a","data":{}}})",
                       second, data);
}

std::string result(const char* start, const char* end, const char* average) {
    return fmt::format(R"(out {{"device_name":"a","window":{{"start":"2024-10-07T12:00:{}.000Z",)"
                       R"("end":"2024-10-07T12:00:{}.000Z"}},"average":{}}})",
                       start, end, average);
}

struct Run {
    Options options = example_options();
    runtime::Service service{"aggregator"};
    Instruments instruments{service.metrics()};
    Kept outlet;

    Result<void> operator()(std::vector<std::vector<std::string>> streams) {
        MemoryInput input(std::move(streams));
        return BoundedRun(options, service, instruments).run(input, outlet);
    }
    /// The value as /metrics shows it.
    std::string metric(const std::string& name) {
        const std::string text = service.metrics().text();
        const std::size_t at = text.find("\n" + name + " ");
        if (at == std::string::npos) return "absent";
        const std::size_t value = at + name.size() + 2;
        return text.substr(value, text.find('\n', value) - value);
    }
};

}  // namespace

TEST_CASE("each stream has windows of its own, and its end closes them", "[aggregator]") {
    Run run;
    run.options.grace = 0s;
    REQUIRE(run({{reading(1, 1), reading(2, 2), reading(16, 5), reading(3, 9), "no reading"},
                 {},
                 {reading(1, 7)}})
                .ok());
    CHECK(run.outlet.records == std::vector<std::string>{result("00", "15", "1.5"),
                                                         "late " + reading(3, 9), "dead no reading",
                                                         result("15", "30", "5.0"),
                                                         result("00", "15", "7.0")});
    CHECK(run.metric("weir_records_in_total") == "6");
    CHECK(run.metric("weir_records_total{fate=\"used\"}") == "4");
    CHECK(run.metric("weir_results_total") == "3");
}

TEST_CASE("the end of the input lets waiting revisions out", "[aggregator]") {
    Run run;
    run.options.grace = 0s;
    run.options.accept_late = 1h;
    REQUIRE(run({{reading(1, 1), reading(16, 5), reading(2, 2)}}).ok());
    CHECK(run.outlet.records == std::vector<std::string>{result("00", "15", "1.0"),
                                                         result("00", "15", "1.5"),
                                                         result("15", "30", "5.0")});
}

TEST_CASE("late and dead records without a topic are counted", "[aggregator]") {
    Run run;
    run.options.grace = 0s;
    run.options.late.clear();
    run.options.dead_letter.clear();
    REQUIRE(run({{reading(16, 5), reading(3, 9), "no reading"}}).ok());
    CHECK(run.outlet.records.size() == 1);
    CHECK(run.metric("weir_records_total{fate=\"late\"}") == "1");
    CHECK(run.metric("weir_records_total{fate=\"dead\"}") == "1");
}

TEST_CASE("filtered readings are counted by reason", "[aggregator]") {
    Run run;
    run.options.distinct_by = "data";
    REQUIRE(run({{reading(1, 5), reading(2, 5), reading(2, 7), reading(1, 5), reading(16, 5)}})
                .ok());
    CHECK(run.outlet.records == std::vector<std::string>{result("00", "15", "6.0"),
                                                         result("15", "30", "5.0")});
    CHECK(run.metric("weir_records_total{fate=\"used\"}") == "3");
    CHECK(run.metric("weir_records_total{fate=\"filtered\"}") == "2");
    CHECK(run.metric("weir_filtered_records_total{reason=\"repeated\"}") == "2");
    CHECK(run.metric("weir_filtered_records_total{reason=\"empty\"}") == "0");

    Run null;
    REQUIRE(null({{R"({"timestamp":"2024-10-07 12:00:01","device_name":"a","data":null})"}}).ok());
    CHECK(null.metric("weir_records_total{fate=\"filtered\"}") == "1");
    CHECK(null.metric("weir_filtered_records_total{reason=\"empty\"}") == "1");
    CHECK(null.metric("weir_filtered_records_total{reason=\"repeated\"}") == "0");
}

TEST_CASE("a run that cannot go on says why", "[aggregator]") {
    Run full;
    full.outlet.full = true;
    const auto no_room = full({{reading(1, 1)}});
    REQUIRE(!no_room.ok());
    CHECK(no_room.error().message == "the disk is full");

    Run narrow;
    narrow.options.open_windows_max = 1;
    const auto too_many = narrow({{reading(1, 1), reading(16, 1)}});
    REQUIRE(!too_many.ok());
    CHECK(too_many.error().message == "here:1: 1 windows are open; raise --open-windows-max");

    Run stopped;
    stopped.service.request_stop();
    const auto early = stopped({{reading(1, 1)}});
    REQUIRE(!early.ok());
    CHECK(
        early.error().message.starts_with("stopped before the end of the input, after 0 records"));
}

TEST_CASE("a table has the digits of the results", "[aggregator]") {
    Options options = example_options();
    options.key = {"device_name", "/site/name"};
    Table table(options);
    std::string text;
    const auto row = [](const char* device, const char* average) {
        return fmt::format(R"({{"device_name":{},"name":"x","window":{{"start":"s","end":"e"}},)"
                           R"("average":{}}})",
                           device, average);
    };
    table.add(row(R"("dé\u001b")", "1.0E7"), text);
    table.add(row(R"("a long name")", "null"), text);
    CHECK(text.empty());
    table.finish(text);
    CHECK(text ==
          "device_name  name  start  end  average\n"
          "dé\\u001b     x     s      e      1.0E7\n"
          "a long name  x     s      e       null\n");
    text.clear();
    table.add(row(R"("a longer name")", "1.0"), text);
    CHECK(text == "a longer name  x     s      e        1.0\n");

    options.window_form = WindowForm::flat;
    options.window_field = "w/";
    options.key = {"k"};
    Table flat(options);
    flat.add(R"({"k":"a","w/_start":"s","w/_end":"e","average":2.0})", text = "");
    flat.finish(text);
    CHECK(text ==
          "k  start  end  average\n"
          "a  s      e        2.0\n");
}

TEST_CASE("a table shows its first rows once there are enough to measure", "[aggregator]") {
    Table table(example_options());
    std::string text;
    for (std::size_t i = 0; i < Table::rows_measured; ++i)
        table.add(R"({"device_name":"a","window":{},"average":1.0})", text);
    CHECK(std::count(text.begin(), text.end(), '\n') == Table::rows_measured + 1);
}
