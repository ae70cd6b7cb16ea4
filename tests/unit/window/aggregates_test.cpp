// SPDX-License-Identifier: Apache-2.0
// Goal: every function over every type, with nulls and at the edges of the numbers. Method: small
// tables worked out by hand.
#include "window/aggregates.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"

using namespace weir;
using namespace weir::window;

namespace {

/// All functions over one field.
Aggregates all(FieldType type) {
    return *Aggregates::compile({{"count", Function::count, 0, type},
                                 {"sum", Function::sum, 0, type},
                                 {"mean", Function::mean, 0, type},
                                 {"min", Function::min, 0, type},
                                 {"max", Function::max, 0, type},
                                 {"variance", Function::variance, 0, type},
                                 {"stddev", Function::stddev, 0, type},
                                 {"records", Function::count, {}, {}}});
}

std::vector<Output> run(const Aggregates& aggregates,
                        const std::vector<std::vector<Input>>& records) {
    std::vector<std::uint64_t> state(aggregates.state_words(), 0xDEAD);
    aggregates.reset(state.data());
    for (const auto& inputs : records)
        aggregates.fold(state.data(), inputs);
    std::vector<Output> outputs(aggregates.list().size());
    aggregates.finish(state.data(), records.size(), outputs);
    return outputs;
}

std::string error_of(std::vector<Aggregate> aggregates) {
    return Aggregates::compile(std::move(aggregates)).error().message;
}

}  // namespace

TEST_CASE("all functions of one field share one pass", "[window]") {
    const auto outputs = run(
        all(FieldType::float64),
        {{Input::of_number(2)}, {Input::null()}, {Input::of_number(4)}, {Input::of_number(-3)}});
    CHECK(outputs[0].int64 == 3);
    CHECK(outputs[1].float64 == 3.0);
    CHECK(outputs[2].float64 == 1.0);
    CHECK(outputs[3].float64 == -3.0);
    CHECK(outputs[4].float64 == 4.0);
    CHECK(outputs[5].float64 == Approx(13.0));
    CHECK(outputs[6].float64 == Approx(std::sqrt(13.0)));
    CHECK(outputs[7].int64 == 4);
}

TEST_CASE("without a value everything but count is null", "[window]") {
    const auto outputs = run(all(FieldType::float32), {{Input::null()}, {Input::null()}});
    CHECK(outputs[0].int64 == 0);
    for (std::size_t i = 1; i <= 6; ++i)
        CHECK(outputs[i].kind == Output::Kind::null);
    CHECK(outputs[7].int64 == 2);
}

TEST_CASE("a single value has no variance", "[window]") {
    const auto outputs = run(all(FieldType::float64), {{Input::of_number(7)}});
    CHECK(outputs[2].float64 == 7.0);
    CHECK(outputs[5].kind == Output::Kind::null);
    CHECK(outputs[6].kind == Output::Kind::null);
}

TEST_CASE("a float field is rounded first and keeps its digits", "[window]") {
    const auto outputs =
        run(all(FieldType::float32), {{Input::of_number(863.85)}, {Input::of_number(1.1)}});
    CHECK(outputs[3].kind == Output::Kind::float32);
    CHECK(outputs[3].float32 == 1.1F);
    CHECK(outputs[4].float32 == 863.85F);
    CHECK(outputs[1].float64 == double{863.85F} + double{1.1F});
    CHECK(outputs[2].float64 == 432.4749878048897);
}

TEST_CASE("integers are summed exactly", "[window]") {
    constexpr auto max = std::numeric_limits<std::int64_t>::max();
    constexpr auto min = std::numeric_limits<std::int64_t>::min();
    const auto big =
        run(all(FieldType::int64),
            {{Input::of_integer(max)}, {Input::of_integer(1)}, {Input::of_integer(-1)}});
    CHECK(big[1].kind == Output::Kind::int64);
    CHECK(big[1].int64 == max);
    CHECK(big[3].int64 == -1);
    CHECK(big[4].int64 == max);
    CHECK(big[2].float64 == static_cast<double>(max) / 3);
    const auto beyond =
        run(all(FieldType::int64), {{Input::of_integer(min)}, {Input::of_integer(min)}});
    CHECK(beyond[1].kind == Output::Kind::float64);
    CHECK(beyond[1].float64 == 2.0 * static_cast<double>(min));
}

TEST_CASE("variance is steady far from zero", "[window]") {
    const auto outputs = run(all(FieldType::float64), {{Input::of_number(1e9 + 4)},
                                                       {Input::of_number(1e9 + 7)},
                                                       {Input::of_number(1e9 + 13)},
                                                       {Input::of_number(1e9 + 16)}});
    CHECK(outputs[5].float64 == Approx(30.0));
}

TEST_CASE("several fields keep apart, strings are only counted", "[window]") {
    const auto aggregates = *Aggregates::compile({{"a", Function::sum, 0, FieldType::float64},
                                                  {"b", Function::max, 2, FieldType::int64},
                                                  {"c", Function::count, 1, FieldType::string}});
    CHECK(aggregates.inputs() == 3);
    const auto outputs =
        run(aggregates, {{Input::of_number(1), Input::of_text(), Input::of_integer(5)},
                         {Input::of_number(2), Input::null(), Input::of_integer(-5)}});
    CHECK(outputs[0].float64 == 3.0);
    CHECK(outputs[1].int64 == 5);
    CHECK(outputs[2].int64 == 1);
}

TEST_CASE("a mean costs two words, and aggregates of one field share theirs", "[window]") {
    CHECK(Aggregates::compile({{"m", Function::mean, 0, FieldType::float32}})->state_words() == 2);
    CHECK(Aggregates::compile({{"m", Function::mean, 0, FieldType::float32},
                               {"s", Function::sum, 0, FieldType::float32},
                               {"n", Function::count, 0, FieldType::float32}})
              ->state_words() == 2);
}

TEST_CASE("aggregates that make no sense are refused", "[window]") {
    CHECK(error_of({}) == "expected at least one aggregate, got none");
    CHECK(error_of({{"", Function::mean, 0, {}}}) == "the aggregate mean() has no output name");
    CHECK(error_of({{"x", Function::mean, 0, {}}, {"x", Function::sum, 0, {}}}) ==
          "two aggregates have the output name \"x\"");
    CHECK(error_of({{"x", Function::sum, {}, {}}}) == "x: sum needs a field");
    CHECK(error_of({{"x", Function::max, 0, FieldType::string}}) ==
          "x: expected a numeric field for max, got a string");
    CHECK(error_of({{"x", Function::max, 0, FieldType::int64},
                    {"y", Function::max, 0, FieldType::float64}}) ==
          "y: the field has another type in another aggregate");
}
