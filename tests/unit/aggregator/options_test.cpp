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

TEST_CASE("the defaults are the air-quality system's", "[aggregator]") {
    Options options;
    const auto outcome = load(options, {"--aggregate", "average=mean(data:float32)"});
    INFO(outcome.errors);
    CHECK(outcome.run);
    CHECK(options.window == std::chrono::seconds{15});
    CHECK(options.grace == std::chrono::seconds{15});
    CHECK(options.guarantee == Guarantee::exactly_once);
    CHECK(key_name(options) == "device_name");
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
        {{"--aggregate", "a=mean(x)", "--round", "16"}, "--round: expected 0 to 15"},
        {{"--aggregate", "a=mean(x)", "--key", "/a~b"}, "--key"},
        {{"--aggregate", "a=mean(x)", "--time-zone", "Mars/Olympus"}, "--time-zone"},
        {{"--aggregate", "a=mean(x)", "--guarantee", "at-least-once", "--transactional-id", "x"},
         "--transactional-id needs --guarantee exactly-once"},
    };
    for (const Case& item : cases) {
        Options options;
        const auto outcome = load(options, item.arguments);
        INFO(item.mistake << " in: " << outcome.errors);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.errors.find(item.mistake) != std::string::npos);
    }
}
