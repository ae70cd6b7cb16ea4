// SPDX-License-Identifier: Apache-2.0
// Goal: what options are written as is read and written back, and what is none says what was
// expected. Method: tables of texts.
#include <map>

#include "aggregation/aggregate_spec.hpp"
#include "aggregation/from.hpp"
#include "catch.hpp"

using namespace weir;
using namespace weir::aggregation;

using SpecCodec = config::Codec<AggregateSpec>;

TEST_CASE("an aggregate is a name, a function, a field and a type", "[aggregation]") {
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

TEST_CASE("an aggregate that is none says what was expected", "[aggregation]") {
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

TEST_CASE("aggregates of one field share it", "[aggregation]") {
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

TEST_CASE("a percentile is a function of its own name", "[aggregation]") {
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

TEST_CASE("a bounded run begins at the beginning, at offsets or at a time", "[aggregation]") {
    using FromCodec = config::Codec<From>;
    const auto offsets = FromCodec::parse("1:20,0:1500");
    REQUIRE(offsets.ok());
    CHECK(offsets->offsets ==
          std::map<Partition, Offset>{{Partition{0}, Offset{1500}}, {Partition{1}, Offset{20}}});
    const auto time = FromCodec::parse("2024-10-07 13:02");
    REQUIRE(time.ok());
    CHECK(FromCodec::format(*time) == "2024-10-07T13:02:00.000Z");
    for (const char* text : {"earliest", "0:1500,1:20", "2024-10-07T13:02:45.000Z"}) {
        const auto from = FromCodec::parse(text);
        INFO(text);
        REQUIRE(from.ok());
        CHECK(FromCodec::format(*from) == text);
    }
    for (const char* text : {"", "latest", "1500", "1728306165", "0:1500,", "0:", ":1", "0:1,0:2",
                             "0:1:2", "1,2", "2024-13-01", "0:99999999999999999999"}) {
        const auto from = FromCodec::parse(text);
        INFO(text);
        REQUIRE(!from.ok());
        CHECK(from.error().message.find("expected earliest|PARTITION:OFFSET") != std::string::npos);
    }
}
