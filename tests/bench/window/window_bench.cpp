// SPDX-License-Identifier: Apache-2.0
// How fast windows are, without Kafka and without JSON: nanoseconds of one core per record.
//
//   window_bench [RECORDS]
//
// Keys come in an order that no cache foresees, one in a hundred records is some seconds late. What
// is computed is the mean, as in the air-quality system.
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "window/stream.hpp"

using namespace weir;
using namespace weir::window;
using namespace std::chrono_literals;

namespace {

struct Case {
    const char* name;
    Kind kind;
    Duration size;
    Duration every;
    std::uint64_t ids_max = 0;
};

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Numbers that look random and cost little: xorshift.
std::uint64_t next_random(std::uint64_t& state) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    return state;
}

void run(const Case& what, std::uint64_t keys, std::uint64_t per_second, std::uint64_t records) {
    Stream stream(
        {.kind = what.kind,
         .size = what.size,
         .every = what.every,
         .grace = 5s,
         .aggregates = *Aggregates::compile({{"m", Function::mean, 0, FieldType::float32}}),
         .ids_max = what.ids_max});
    std::vector<std::string> names;
    for (std::uint64_t i = 0; i < keys; ++i)
        names.push_back(fmt::format("device{}", i));

    std::uint64_t state = 88172645463325252;
    std::uint64_t rows = 0;
    double sum = 0;
    std::size_t memory = 0;
    const auto see = [&](const Row& row) {
        ++rows;
        sum += row.values[0].float64;
    };
    const EventTime start{std::chrono::hours{480'000}};
    const double began = cpu_seconds();
    for (std::uint64_t i = 0; i < records; ++i) {
        const std::uint64_t random = next_random(state);
        EventTime time = start + Duration{i * 1'000'000 / per_second};
        if (random % 100 == 0) time -= Duration{random >> 42U};
        const Input input = Input::of_number(static_cast<double>(random % 1000));
        stream.take({Offset{static_cast<std::int64_t>(i)},
                     time,
                     names[(random >> 20U) % keys],
                     {&input, 1},
                     Input::of_integer(static_cast<std::int64_t>(i))},
                    see);
        if (i == records / 2) memory = stream.memory_bytes();
    }
    const double seconds = cpu_seconds() - began;
    fmt::print("{:<16} {:>7} keys {:>6}/s each: {:>6.1f} ns a record, {:>9} rows, {:>5} MiB\n",
               what.name, keys, per_second / keys, seconds / static_cast<double>(records) * 1e9,
               rows, memory >> 20U);
    if (sum < 0) std::abort();
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t records = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20'000'000;
    const Case cases[] = {
        {"tumbling 60s", Kind::tumbling, 60s, 60s}, {"tumbling 1s", Kind::tumbling, 1s, 1s},
        {"hopping 60s/5s", Kind::hopping, 60s, 5s}, {"hopping 60s/1s", Kind::hopping, 60s, 1s},
        {"session 10s", Kind::session, 10s, {}},
        {"1s, distinct", Kind::tumbling, 1s, 1s, 1'000'000},
    };
    for (const auto& [keys, per_key] : {std::pair{10, 10'000}, std::pair{1000, 100},
                                        std::pair{100'000, 1}, std::pair{100'000, 10}})
        for (const Case& what : cases)
            run(what, static_cast<std::uint64_t>(keys),
                static_cast<std::uint64_t>(keys) * static_cast<std::uint64_t>(per_key), records);
}
