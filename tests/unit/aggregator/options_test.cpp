// SPDX-License-Identifier: Apache-2.0
// Goal: aggregates and options are read as people write them, and every mistake is found by
// --check. Method: load from values.
#include "options.hpp"

#include "catch.hpp"

using namespace weir;
using namespace weir::aggregator;

namespace {

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
        {{"--aggregate", "a=mean(x)", "--distinct-by", "/a~b"}, "--distinct-by"},
        {{"--aggregate", "a=mean(x)", "--distinct-by", "/device_name"},
         "--distinct-by and --key name the same field, /device_name"},
        {{"--aggregate", "a=mean(x)", "--distinct-by", "seq", "--distinct-by-values-max", "0"},
         "--distinct-by-values-max: expected 1 to 100000000"},
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

TEST_CASE("a bounded run needs only what it uses", "[aggregator]") {
    const std::vector<std::string> computation{"--key", "id",          "--time",
                                               "t",     "--aggregate", "n=count()"};
    const auto outcome = [&](std::vector<std::string> arguments) {
        Options options;
        config::Command command("aggregator", "Aggregates.");
        options.declare(command);
        arguments.insert(arguments.end(), computation.begin(), computation.end());
        return command.load({arguments, {}});
    };
    CHECK(outcome({"--file", "a", "--file", "b", "--results", "-"}).errors.empty());
    CHECK(outcome({"--file", "a", "--output", "out", "--late", "late"}).errors.empty());
    CHECK(outcome({"--input", "in", "--until", "end", "--results", "f"}).errors.empty());

    const std::string endless = outcome({"--input", "in"}).errors;
    for (const char* name : {"--output: required", "--late: required", "--dead-letter: required"})
        CHECK(endless.find(name) != std::string::npos);
    CHECK(outcome({"--file", "a"}).errors.find("--output: required") != std::string::npos);
    CHECK(outcome({"--until", "end", "--results", "-"}).errors.find("--input: required") !=
          std::string::npos);
}

TEST_CASE("options that contradict a bounded run are all named", "[aggregator]") {
    const auto errors = [](std::vector<std::string> more) {
        Options options;
        more.insert(more.end(), {"--aggregate", "n=count()"});
        return load(options, std::move(more)).errors;
    };
    const std::pair<std::vector<std::string>, const char*> cases[] = {
        {{"--file", "a"}, "--file and --input: expected one of them"},
        {{"--file", "a", "--from", "0:1"}, "--file and --from"},
        {{"--file", "-", "--file", "-"}, "standard input can be read once"},
        {{"--file", ""}, "--file: expected a path"},
        {{"--file", "a", "--results", "a"}, "--results and --file are the same file"},
        {{"--until", "end", "--results", "a"}, "--results and --output: expected one of them"},
        {{"--until", "end", "--results-form", "table"}, "--results-form needs --results"},
        {{"--until", "end", "--partial", "p"}, "--partial: a bounded run"},
        {{"--until", "end", "--expect-every", "1m", "--status", "s"}, "a bounded run has no clock"},
        {{"--until", "end", "--reset"}, "--reset: a bounded run"},
        {{"--until", "end", "--start", "latest"}, "--start latest: a bounded run"},
        {{"--until", "end", "--transactional-id", "x"}, "--transactional-id: a bounded run"},
        {{"--results", "a"}, "--results needs --until end or --file"},
        {{"--from", "0:1"}, "--from needs --until end"},
    };
    for (const auto& [arguments, words] : cases) {
        INFO(words);
        CHECK(errors(arguments).find(words) != std::string::npos);
    }
    const std::string both = errors({"--until", "end", "--partial", "p", "--reset"});
    CHECK(std::count(both.begin(), both.end(), '\n') == 2);
}
