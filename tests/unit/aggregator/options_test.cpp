// SPDX-License-Identifier: Apache-2.0
// Goal: aggregates and options are read as people write them, and every mistake is found by
// --check. Method: load from values.
#include "options.hpp"

#include "catch.hpp"

using namespace weir;
using namespace weir::aggregator;

namespace {

using SpecCodec = config::Codec<AggregateSpec>;

config::Outcome load(Options& options, std::vector<std::string> more) {
    config::Command command("aggregator", "Aggregates.");
    options.declare(command);
    std::vector<std::string> arguments{"--input",       "in",   "--output", "out",
                                       "--late",        "late", "--key",    "device_name",
                                       "--dead-letter", "dead", "--time",   "timestamp"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return command.load({arguments, {}});
}

}  // namespace

TEST_CASE("an aggregate is a name, a function, a field and a type", "[aggregator]") {
    const auto mean = SpecCodec::parse("average=mean(data:float32)");
    REQUIRE(mean.ok());
    CHECK(mean->output == "average");
    CHECK(mean->function == window::Function::mean);
    CHECK(mean->field == "data");
    CHECK(mean->type == window::FieldType::float32);
    CHECK(SpecCodec::format(*mean) == "average=mean(data:float32)");

    const auto count = SpecCodec::parse("n=count()");
    REQUIRE(count.ok());
    CHECK(!count->field);
    CHECK(SpecCodec::format(*count) == "n=count()");

    const auto pointer = SpecCodec::parse("x=max(/a/b)");
    REQUIRE(pointer.ok());
    CHECK(pointer->field == "/a/b");
    CHECK(pointer->type == window::FieldType::float64);
    CHECK(SpecCodec::format(*pointer) == "x=max(/a/b:double)");
}

TEST_CASE("an aggregate that is none says what was expected", "[aggregator]") {
    const std::pair<const char*, const char*> cases[] = {
        {"mean(data)", "expected NAME=FUNCTION(FIELD[:TYPE])"},
        {"=mean(data)", "expected NAME=FUNCTION(FIELD[:TYPE])"},
        {"a=mean", "expected NAME=FUNCTION(FIELD[:TYPE])"},
        {"a=mean(data", "expected NAME=FUNCTION(FIELD[:TYPE])"},
        {"a=mean(:double)", "expected NAME=FUNCTION(FIELD[:TYPE])"},
        {"a=average(data)", "expected one of the functions count, sum, mean, min, max"},
        {"a=mean(data:float)", "expected one of the types double, float32, int64, string"},
    };
    for (const auto& [text, words] : cases) {
        const auto spec = SpecCodec::parse(text);
        INFO(text);
        REQUIRE(!spec.ok());
        INFO(spec.error().message);
        CHECK(spec.error().message.find(words) != std::string::npos);
    }
}

TEST_CASE("aggregates of one field share it", "[aggregator]") {
    std::vector<AggregateSpec> specs;
    for (const char* text : {"a=mean(x:float32)", "b=count()", "c=max(/x:float32)", "d=sum(y)"})
        specs.push_back(*SpecCodec::parse(text));
    const auto schema = compile(specs);
    REQUIRE(schema.ok());
    CHECK(schema->fields.size() == 2);
    CHECK(schema->counts_records);
    CHECK(schema->aggregates.inputs() == 2);
    CHECK(schema->fields[0].type == json::FieldType::float32);
    CHECK(schema->fields[1].type == json::FieldType::float64);
}

TEST_CASE("a percentile is a function of its own name", "[aggregator]") {
    for (const auto& [text, percent] :
         {std::pair{"a=p95(x:double)", 95.0}, std::pair{"a=p99.9(x:double)", 99.9},
          std::pair{"a=median(x:double)", 50.0}, std::pair{"a=p0(x:int64)", 0.0}}) {
        const auto spec = SpecCodec::parse(text);
        INFO(text);
        REQUIRE(spec.ok());
        CHECK(spec->function == window::Function::percentile);
        CHECK(spec->percent == percent);
        CHECK(SpecCodec::format(*spec) == text);
    }
    CHECK(SpecCodec::format(*SpecCodec::parse("a=p50(x)")) == "a=median(x:double)");
    for (const char* text : {"a=p101(x)", "a=p(x)", "a=p-1(x)", "a=px(x)"})
        CHECK(!SpecCodec::parse(text).ok());
}

TEST_CASE("each kind of window has its options", "[aggregator]") {
    const auto kind = [](std::vector<std::string> more) {
        more.insert(more.end(), {"--aggregate", "n=count()"});
        Options options;
        const auto outcome = load(options, more);
        INFO(outcome.errors);
        REQUIRE(outcome.run);
        return std::pair(options.kind(), options.size());
    };
    CHECK(kind({"--window", "1m"}) ==
          std::pair(window::Kind::tumbling, Options::milliseconds{60'000}));
    CHECK(kind({"--window", "1m", "--every", "5s"}) ==
          std::pair(window::Kind::hopping, Options::milliseconds{60'000}));
    CHECK(kind({"--sliding"}) == std::pair(window::Kind::sliding, Options::milliseconds{15'000}));
    CHECK(kind({"--session-gap", "30s"}) ==
          std::pair(window::Kind::session, Options::milliseconds{30'000}));
}

TEST_CASE("key fields come one by one or with commas", "[aggregator]") {
    Options options;
    REQUIRE(load(options, {"--aggregate", "n=count()", "--key", "a,/b/c", "--key", "d"}).run);
    CHECK(key_fields(options) == std::vector<std::string>{"device_name", "a", "/b/c", "d"});
    CHECK(key_names(options) == std::vector<std::string>{"device_name", "a", "c", "d"});
}

TEST_CASE("the defaults are the air-quality system's", "[aggregator]") {
    Options options;
    const auto outcome = load(options, {"--aggregate", "average=mean(data:float32)"});
    INFO(outcome.errors);
    CHECK(outcome.run);
    CHECK(options.kind() == window::Kind::tumbling);
    CHECK(options.size() == std::chrono::seconds{15});
    CHECK(options.grace == std::chrono::seconds{15});
    CHECK(options.guarantee == Guarantee::exactly_once);
    CHECK(key_names(options) == std::vector<std::string>{"device_name"});
}

TEST_CASE("mistakes across options are found before any network is touched", "[aggregator]") {
    struct Case {
        std::vector<std::string> arguments;
        const char* mistake;
    };
    const Case cases[] = {
        {{}, "--aggregate: required"},
        {{"--aggregate", "a=mean(x:float32)", "--aggregate", "b=sum(x:int64)"},
         "the field x has two types, float32 and int64"},
        {{"--aggregate", "a=sum(x:string)"}, "--aggregate"},
        {{"--aggregate", "a=mean(x)", "--aggregate", "a=sum(x)"}, "--aggregate"},
        {{"--aggregate", "window=mean(x)"}, "the name window is taken"},
        {{"--aggregate", "device_name=mean(x)"}, "the name device_name is taken"},
        {{"--aggregate", "a=mean(x)", "--output", "in"}, "--output and --input are the same"},
        {{"--aggregate", "a=mean(x)", "--partial", "out"}, "partial results would pass for final"},
        {{"--aggregate", "a=mean(x)", "--window", "0s"}, "--window: expected 1ms to"},
        {{"--aggregate", "a=mean(x)", "--every", "20s"}, "--every: expected at most --window, 15s"},
        {{"--aggregate", "a=mean(x)", "--window", "1h", "--every", "7ms"},
         "--every: 7ms cuts a window of 1h into 3600000 slices, and 10000 are allowed"},
        {{"--aggregate", "a=mean(x)", "--every", "5s", "--sliding"}, "--sliding and --every"},
        {{"--aggregate", "a=mean(x)", "--session-gap", "5s", "--window", "5s"},
         "--session-gap and --window"},
        {{"--aggregate", "a=mean(x)", "--session-gap", "5s", "--every", "5s"},
         "--session-gap and --every"},
        {{"--aggregate", "a=mean(x)", "--session-gap", "5s", "--sliding"},
         "--session-gap and --sliding"},
        {{"--aggregate", "a=mean(x)", "--accept-late", "-1s"}, "--accept-late"},
        {{"--aggregate", "a=mean(x)", "--key", "id,/other/id"},
         "--key: two fields would be named id in the result"},
        {{"--aggregate", "site=mean(x)", "--key", "id,site"}, "the name site is taken"},
        {{"--aggregate", "a=p95(x:string)"}, "expected a numeric field for percentile"},
        {{"--aggregate", "a=mean(x)", "--round", "16"}, "--round: expected 0 to 15"},
        {{"--aggregate", "a=mean(x)", "--key", "/a~b"}, "--key"},
        {{"--aggregate", "a=mean(x)", "--time-zone", "Mars/Olympus"}, "--time-zone"},
        {{"--aggregate", "a=mean(x)", "--guarantee", "at-least-once", "--transactional-id", "x"},
         "--transactional-id needs --guarantee exactly-once"},
        {{"--aggregate", "a=mean(x)", "--expect-every", "10s"}, "--expect-every needs --status"},
        {{"--aggregate", "a=mean(x)", "--status", "s"}, "--status needs --expect-every"},
        {{"--aggregate", "a=mean(x)", "--expect-every", "1ms", "--status", "s"},
         "--expect-every: expected 100ms to"},
        {{"--aggregate", "a=mean(x)", "--expect-every", "1s", "--status", "in"},
         "--status and --input are the same"},
        {{"--aggregate", "a=mean(x)", "--expect-every", "1s", "--status", "late"},
         "--status and --late are the same"},
        {{"--aggregate", "a=mean(x)", "--expect-every", "1s", "--status", "s", "--key", "/a/since"},
         "--key: the name since is taken by the status record"},
    };
    for (const Case& item : cases) {
        Options options;
        const auto outcome = load(options, item.arguments);
        INFO(item.mistake << " in: " << outcome.errors);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.errors.find(item.mistake) != std::string::npos);
    }
}
