// SPDX-License-Identifier: Apache-2.0
// Goal: every function over every type, with nulls and at the edges of the numbers. Method: small
// tables worked out by hand; parts against the whole on random values.
#include "window/aggregates.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "generated.hpp"
#include "seed.hpp"

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
        aggregates.fold(state.data(), inputs, {});
    std::vector<Output> outputs(aggregates.list().size());
    aggregates.finish(state.data(), records.size(), outputs);
    aggregates.release(state.data());
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
        run(aggregates, {{Input::of_number(1), Input::of_text("x"), Input::of_integer(5)},
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
    CHECK(error_of({{"x", Function::percentile, 0, FieldType::float64, 101}}) ==
          "x: expected a percentile from 0 to 100, got 101");
}

TEST_CASE("first and last go by event time, then by offset", "[window]") {
    const auto aggregates = *Aggregates::compile({{"first", Function::first, 0, FieldType::int64},
                                                  {"last", Function::last, 0, FieldType::int64},
                                                  {"from", Function::first, 1, FieldType::string},
                                                  {"to", Function::last, 1, FieldType::string}});
    std::vector<std::uint64_t> state(aggregates.state_words());
    aggregates.reset(state.data());
    const auto fold = [&](std::int64_t time, std::int64_t offset, std::int64_t value,
                          std::string_view text) {
        const Input inputs[] = {Input::of_integer(value), Input::of_text(text)};
        aggregates.fold(state.data(), inputs,
                        {EventTime{EventTime::duration{time}}, Offset{offset}});
    };
    fold(5, 1, 51, "five");
    fold(3, 2, 32, "three");
    fold(5, 3, 53, "five again");
    fold(3, 4, 34, "three again");
    std::vector<Output> outputs(4);
    aggregates.finish(state.data(), 4, outputs);
    CHECK(outputs[0].int64 == 32);
    CHECK(outputs[1].int64 == 53);
    CHECK(outputs[2].text == "three");
    CHECK(outputs[3].text == "five again");
    aggregates.release(state.data());
}

TEST_CASE("a percentile lies between the two values nearest to it", "[window]") {
    const auto aggregates =
        *Aggregates::compile({{"p0", Function::percentile, 0, FieldType::float64, 0},
                              {"p25", Function::percentile, 0, FieldType::float64, 25},
                              {"median", Function::percentile, 0, FieldType::float64, 50},
                              {"p90", Function::percentile, 0, FieldType::float64, 90},
                              {"p100", Function::percentile, 0, FieldType::float64, 100}},
                             {.percentile_values_max = 4});
    const auto values = [](std::initializer_list<double> numbers) {
        std::vector<std::vector<Input>> records;
        for (const double number : numbers)
            records.push_back({Input::of_number(number)});
        return records;
    };
    const auto four = run(aggregates, values({40, 10, 30, 20}));
    CHECK(four[0].float64 == 10.0);
    CHECK(four[1].float64 == 17.5);
    CHECK(four[2].float64 == 25.0);
    CHECK(four[3].float64 == Approx(37.0));
    CHECK(four[4].float64 == 40.0);
    CHECK(run(aggregates, values({7}))[3].float64 == 7.0);
    const auto extremes = run(aggregates, values({-1.7e308, 1.7e308}));
    CHECK(extremes[2].float64 == 0.0);
    CHECK(run(aggregates, values({1, 2, 3, 4, 5}))[2].kind == Output::Kind::beyond);
}

TEST_CASE("distinct values are counted up to their bound", "[window]") {
    const auto aggregates =
        *Aggregates::compile({{"numbers", Function::distinct, 0, FieldType::float64},
                              {"texts", Function::distinct, 1, FieldType::string}},
                             {.distinct_values_max = 2});
    const auto record = [](double number, std::string_view text) {
        return std::vector{Input::of_number(number), Input::of_text(text)};
    };
    const auto few = run(aggregates, {record(0.0, "a"), record(-0.0, "b"), record(1, "a")});
    CHECK(few[0].int64 == 2);
    CHECK(few[1].int64 == 2);
    const auto many = run(aggregates, {record(0, "a"), record(1, "b"), record(2, "c")});
    CHECK(many[0].kind == Output::Kind::beyond);
    CHECK(many[1].kind == Output::Kind::beyond);
    CHECK(run(aggregates, {{Input::null(), Input::null()}})[0].int64 == 0);
}

TEST_CASE("parts that are merged are the whole, wherever it is cut", "[window]") {
    auto random = weir::test::random_engine();
    const auto aggregates =
        weir::window::test::aggregates_of({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    for (int i = 0; i < 500; ++i) {
        const std::size_t count = random() % 30;
        const std::size_t cut = random() % (count + 1);
        std::vector<std::uint64_t> whole(aggregates.state_words());
        std::vector<std::uint64_t> front = whole;
        std::vector<std::uint64_t> back = whole;
        for (std::size_t j = 0; j < count; ++j) {
            weir::window::test::Event event{.offset = Offset{static_cast<std::int64_t>(j)}};
            event.time = EventTime{EventTime::duration{random() % 5}};
            if (random() % 4 != 0) event.value = static_cast<double>(random() % 4000) / 4;
            if (random() % 4 != 0) event.text = "text" + std::to_string(random() % 9);
            weir::window::test::Inputs inputs;
            const Record record = weir::window::test::record_of(event, inputs);
            for (auto* state : {&whole, j < cut ? &front : &back})
                aggregates.fold(state->data(), record.inputs, {record.time, record.offset});
        }
        aggregates.merge(front.data(), back.data());
        std::vector<Output> expected(aggregates.list().size());
        std::vector<Output> merged = expected;
        aggregates.finish(whole.data(), count, expected);
        aggregates.finish(front.data(), count, merged);
        for (std::size_t j = 0; j < expected.size(); ++j) {
            CAPTURE(count, cut, aggregates.list()[j].output);
            REQUIRE(merged[j].kind == expected[j].kind);
            REQUIRE(merged[j].text == expected[j].text);
            if (aggregates.list()[j].function == Function::variance)
                REQUIRE(merged[j].float64 == Approx(expected[j].float64));
            else
                REQUIRE(merged[j].int64 == expected[j].int64);
        }
        for (auto* state : {&whole, &front, &back})
            aggregates.release(state->data());
    }
}
