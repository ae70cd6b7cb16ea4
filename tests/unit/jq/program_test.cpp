// SPDX-License-Identifier: Apache-2.0
// Goal: a program makes of a record what jq makes of it or one error, whatever the record and the
// records before it. What the two versions of libjq do otherwise is told apart here.
#include "jq/program.hpp"

#include <array>
#include <thread>

#include "catch.hpp"

using namespace weir;
using jq::Failure;
using jq::Limits;
using jq::Program;
using Texts = std::vector<std::string>;

namespace {

/// The outputs, or the failure's message as the only one.
Texts run(Program& program, std::string_view record) {
    Texts outputs;
    const auto outcome = program.run(record, {}, outputs);
    if (outcome) return outputs;
    CHECK(outputs.empty());
    return {outcome.error().message};
}

Texts run(std::string_view text, std::string_view record, const Limits& limits = {}) {
    auto program = Program::compile(text, {}, limits);
    if (!program) return {program.error().message};
    return run(*program, record);
}

Failure failure(std::string_view text, std::string_view record, const Limits& limits = {}) {
    auto program = Program::compile(text, {}, limits);
    REQUIRE(program.ok());
    Texts outputs{"kept"};
    const auto outcome = program->run(record, {}, outputs);
    REQUIRE_FALSE(outcome.ok());
    CHECK(outputs == Texts{"kept"});
    return outcome.error();
}

std::string compile_error(std::string_view text) {
    const auto program = Program::compile(text);
    return program ? "none" : program.error().message;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a record becomes any number of values, in order", "[jq]") {
    const std::string_view record = R"({"z":1,"a":[3,1,2],"é":"\u00e9\u0000"})";
    CHECK(run(".a[]", record) == Texts{"3", "1", "2"});
    CHECK(run("empty", record).empty());
    CHECK(run("select(.z > 1)", record).empty());
    CHECK(run(".missing", record) == Texts{"null"});
    CHECK(run("{z, first: .a[0], b: {y: 1, x: 2}}", record) ==
          Texts{R"({"z":1,"first":3,"b":{"y":1,"x":2}})"});
    CHECK(run(".z = 5 | del(.a)", record) == Texts{"{\"z\":5,\"é\":\"é\\u0000\"}"});
    CHECK(run("def twice(f): f, f; twice(.z) # a comment", record) == Texts{"1", "1"});
    CHECK(run("1, 2", record) == Texts{"1", "2"});
}

TEST_CASE("a record that is only passed on keeps its bytes", "[jq]") {
    const std::string_view record = R"({ "n": 1.50, "big": 12345678901234567890, "a": 1, "a": 2 })";
    CHECK(run(".", record) == Texts{std::string(record)});
    CHECK(run("select(.n == 1.5)", record) == Texts{std::string(record)});
    CHECK(run(".a = 2", record).front().substr(0, 5) == "{\"n\":");
    CHECK(run("., .", record) == Texts{std::string(record), std::string(record)});
}

TEST_CASE("numbers that JSON does not have become numbers that it has", "[jq]") {
    CHECK(run("[nan, infinite, -infinite]", "{}") ==
          Texts{"[null,1.7976931348623157e+308,-1.7976931348623157e+308]"});
    CHECK(run("[.a]", R"({"a":0.1})") == Texts{"[0.1]"});
    CHECK(run(".a + 1", R"({"a":9007199254740992})") == Texts{"9007199254740992"});
}

TEST_CASE("what is no JSON object is not given to the program", "[jq]") {
    for (const std::string_view record :
         {"", "{", "null", "[]", "7", "{} {}", "{}{}", "{\"a\":NaN}", "{\"a\":nan}",
          "\xEF\xBB\xBF{}", "{\"a\":\"\xFF\"}", "{'a':1}", "{\"a\":1,}", "{\"a\":\"\\ud800\"}"}) {
        CAPTURE(record);
        CHECK(failure(".", record).kind == Failure::Kind::not_an_object);
    }
    CHECK(failure(".", std::string_view("{}\0", 3)).kind == Failure::Kind::not_an_object);
    Limits limits;
    limits.input.bytes_max = 8;
    CHECK(run(".", R"({"a":12})", limits).size() == 1);
    CHECK(failure(".", R"({"a":123})", limits).kind == Failure::Kind::not_an_object);
    limits.input = {.depth_max = 2};
    CHECK(failure(".", R"({"a":[[]]})", limits).kind == Failure::Kind::not_an_object);
}

TEST_CASE("an error is told in jq's words and gives no output", "[jq]") {
    CHECK(failure(".a + 1", R"({"a":"x"})").kind == Failure::Kind::failed);
    CHECK(has(failure(".a + 1", R"({"a":"x"})").message, "cannot be added"));
    CHECK(failure("1, error(\"too warm\")", "{}").message == "too warm");
    CHECK(failure("error({a: 1})", "{}").message == "{\"a\":1}");
    CHECK(failure("error(\"two\\nlines \\u0000\")", "{}").message ==
          std::string("two lines \0", 11));
    CHECK(run("try error(\"x\") catch .", "{}") == Texts{"\"x\""});
    const std::string long_message = failure("error(\"é\" * 1000)", "{}").message;
    CHECK(long_message.size() < 600);
    CHECK(long_message.ends_with("é…"));
}

TEST_CASE("a program cannot end the process or read more than its record", "[jq]") {
    CHECK(failure("halt", "{}").message == "halt");
    CHECK(failure("\"over\" | halt_error", "{}").message == "over");
    CHECK(failure("{a: 1} | halt_error(7)", "{}").message == "{\"a\":1}");
    CHECK(failure("input", "{}").kind == Failure::Kind::failed);
    CHECK(run("[inputs]", "{}") == Texts{"[]"});
    CHECK(run("input_filename", "{}") == Texts{"null"});
    CHECK(failure("input_line_number", "{}").kind == Failure::Kind::failed);
    CHECK(failure("\"a\" | modulemeta", "{}").kind == Failure::Kind::failed);
    CHECK(run("debug | stderr | .a", R"({"a":1})") == Texts{"1"});
}

TEST_CASE("outputs are bounded in number, size and depth", "[jq]") {
    Limits limits;
    limits.outputs_max = 3;
    limits.bytes_max = 10;
    limits.input.depth_max = 4;
    CHECK(run("range(3)", "{}", limits).size() == 3);
    CHECK(failure("range(4)", "{}", limits).kind == Failure::Kind::too_many);
    CHECK(failure("range(infinite)", "{}", limits).kind == Failure::Kind::too_many);
    CHECK(run("\"12345678\"", "{}", limits).size() == 1);
    CHECK(failure("\"123456789\"", "{}", limits).kind == Failure::Kind::too_large);
    CHECK(failure("\"1234\", \"1234\"", "{}", limits).kind == Failure::Kind::too_large);
    CHECK(run("[[{a:[]}]]", "{}", {.input = limits.input}).size() == 1);
    CHECK(run("\"[[[[[\\\"[[[[[\"", "{}", {.input = limits.input}).size() == 1);
    CHECK(has(failure("[[[{a:[]}]]]", "{}", {.input = limits.input}).message, "deeper than 4"));
    CHECK(has(failure("reduce range(500) as $i (0; [.])", "{}").message, "deeper than 64"));
}

TEST_CASE("variables have another value for each record", "[jq]") {
    auto program = Program::compile(". + {key: $meta.key, n: $n}", {"meta", "n"});
    REQUIRE(program.ok());
    Texts outputs;
    REQUIRE(program->run(R"({"a":1})", std::array<std::string_view, 2>{R"({"key":"k1"})", "7"},
                         outputs));
    REQUIRE(program->run(R"({"a":2})", std::array<std::string_view, 2>{"{}", "[]"}, outputs));
    CHECK(outputs == Texts{R"({"a":1,"key":"k1","n":7})", R"({"a":2,"key":null,"n":[]})"});
    auto unused = Program::compile(".a", {"meta"});
    REQUIRE(unused.ok());
    REQUIRE(unused->run(R"({"a":1})", std::array<std::string_view, 1>{"{}"}, outputs));
    CHECK(outputs.back() == "1");
}

TEST_CASE("what is no program is refused with jq's reasons, in one line", "[jq]") {
    for (const std::string_view text :
         {"", "  # nothing", "{a", "1) , (2", ".a |", "nonsense", "$unknown", "def f: 1;",
          "import \"a\" as a; .", "import \"a\" as a {search: \".\"}; .",
          "import \"a\" as a {search: \"$ORIGIN/lib\"}; .", "include \"a\"; .", "$__record",
          "\xFF"}) {
        CAPTURE(text);
        const std::string error = compile_error(text);
        CHECK(error.starts_with("not a jq program: "));
        CHECK(error.size() > 25);
        CHECK(error.find('\n') == std::string::npos);
    }
    CHECK(has(compile_error("nonsense | more"), "nonsense/0 is not defined"));
    CHECK(has(compile_error("nonsense | more"), "more/0 is not defined"));
    CHECK(compile_error("{a").starts_with("not a jq program: syntax error"));
    CHECK(has(compile_error(std::string_view(".\0a", 3)), "zero byte"));
}

TEST_CASE("a failure does nothing to the records after it", "[jq]") {
    auto program = Program::compile(
        "if .halt then \"stop\" | halt_error elif .error then error({a: [1, \"x\"]}) "
        "elif .path then path(.a | error(\"in a path\")) elif .many then range(infinite) "
        "elif .try then (try error(\"y\") catch .) "
        "else reduce .a[] as $x (0; . + $x) end",
        {}, {.outputs_max = 1});
    REQUIRE(program.ok());
    for (int i = 0; i < 20; ++i) {
        CHECK(run(*program, R"({"a":[1,2,3]})") == Texts{"6"});
        CHECK(run(*program, R"({"halt":true})") == Texts{"stop"});
        CHECK(run(*program, R"({"a":[1,2,3)").size() == 1);
        CHECK(run(*program, R"({"error":true})") == Texts{R"({"a":[1,"x"]})"});
        CHECK(run(*program, R"({"many":true})") == Texts{"it gave more than 1 values"});
        CHECK(run(*program, R"({"path":true})") == Texts{"in a path"});
        CHECK(run(*program, R"({"try":true})") == Texts{"\"y\""});
        CHECK(has(run(*program, R"({"a":["x",{}]})").front(), "cannot be added"));
    }
}

TEST_CASE("programs run in several threads at once", "[jq]") {
    std::vector<std::thread> threads;
    std::array<int, 4> good{};
    for (std::size_t i = 0; i < good.size(); ++i)
        threads.emplace_back([&good, i] {
            for (int round = 0; round < 3; ++round) {
                auto program = Program::compile("{n: (.n * 2), s: (.s | test(\"^a+\"))}");
                if (!program) return;
                for (int n = 0; n < 500; ++n) {
                    Texts outputs;
                    const std::string record = "{\"n\":" + std::to_string(n) + ".5,\"s\":\"aa\"}";
                    if (!program->run(record, {}, outputs)) return;
                    good[i] +=
                        outputs == Texts{"{\"n\":" + std::to_string(2 * n + 1) + ",\"s\":true}"};
                }
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(good == std::array{1500, 1500, 1500, 1500});
}
