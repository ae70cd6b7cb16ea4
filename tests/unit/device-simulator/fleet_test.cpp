// SPDX-License-Identifier: Apache-2.0
// Goal: readings are a function of seed and time, spread evenly, and delayed as told. Method: whole
// runs taken in steps of different sizes.
#include "fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "catch.hpp"

namespace weir::device_simulator {
namespace {

using namespace std::chrono_literals;

// 2024-10-07 13:02:45 UTC
constexpr EventTime start{std::chrono::microseconds{1'728'306'165'000'000}};

FleetOptions options(std::size_t devices, std::uint64_t count) {
    FleetOptions result;
    for (std::size_t i = 1; i <= devices; ++i)
        result.devices.push_back(fmt::format("d{}", i));
    result.interval = 330ms;
    result.count = count;
    result.seed = 7;
    return result;
}

struct Timed {
    Elapsed at;
    Message message;
    auto operator<=>(const Timed& other) const {
        return std::tie(at, message.device, message.payload) <=>
               std::tie(other.at, other.message.device, other.message.payload);
    }
    bool operator==(const Timed& other) const { return (*this <=> other) == 0; }
};

/// All messages of a fleet that ends, each with the time it was due.
std::vector<Timed> run(FleetOptions with) {
    Fleet fleet(std::move(with), start);
    std::vector<Timed> all;
    while (const auto due = fleet.next_due()) {
        std::vector<Message> batch;
        REQUIRE(fleet.take(*due, 1, batch).ok());
        for (Message& message : batch)
            all.push_back({*due, std::move(message)});
    }
    return all;
}

TEST_CASE("the same seed gives the same messages at the same times", "[device-simulator]") {
    FleetOptions with = options(20, 50);
    with.payload = PayloadForm::json;
    with.delay = {0.3, 2s, 0.05, 10s};
    const auto first = run(with);
    CHECK(first == run(with));
    with.seed = 8;
    CHECK(first != run(with));
}

TEST_CASE("taking in large steps gives what small steps give", "[device-simulator]") {
    FleetOptions with = options(20, 50);
    with.payload = PayloadForm::json;
    with.delay = {0.3, 2s, 0.05, 10s};
    const auto small = run(with);
    Fleet fleet(with, start);
    std::vector<Message> large;
    for (Elapsed now = 0s; fleet.next_due(); now += 700ms)
        REQUIRE(fleet.take(now, std::numeric_limits<std::size_t>::max(), large).ok());
    REQUIRE(large.size() == small.size());
    for (std::size_t i = 0; i < large.size(); ++i)
        CHECK(large[i].payload == small[i].message.payload);
}

TEST_CASE("a device's values do not depend on the size of the fleet", "[device-simulator]") {
    const auto values = [](const std::vector<Timed>& all) {
        std::vector<std::string> of_first;
        for (const Timed& timed : all)
            if (timed.message.device == "d1") of_first.push_back(timed.message.payload);
        return of_first;
    };
    CHECK(values(run(options(1, 20))) == values(run(options(100, 20))));
}

TEST_CASE("devices are spread evenly over the interval", "[device-simulator]") {
    const auto all = run(options(100, 10));
    REQUIRE(all.size() == 1'000);
    std::map<std::string, std::vector<Elapsed>> by_device;
    for (std::size_t i = 0; i < all.size(); ++i) {
        CHECK(all[i].at == Elapsed{3'300} * static_cast<std::int64_t>(i));
        by_device[all[i].message.device].push_back(all[i].at);
    }
    CHECK(by_device.size() == 100);
    for (const auto& [device, times] : by_device)
        for (std::size_t i = 1; i < times.size(); ++i)
            CHECK(times[i] - times[i - 1] == 330ms);
}

TEST_CASE("numbers have three decimals and a range", "[device-simulator]") {
    double sum = 0;
    const auto all = run(options(10, 1'000));
    for (const Timed& timed : all) {
        const std::string& text = timed.message.payload;
        REQUIRE(text.find('.') == text.size() - 4);
        REQUIRE(text.back() == '0');  // two decimals, written with three
        const double value = std::stod(text);
        CHECK((value >= 0 && value <= 999));
        sum += value;
    }
    // Mean 499.5; the standard error of 10,000 uniform values is 2.9.
    CHECK(std::abs(sum / static_cast<double>(all.size()) - 499.5) < 15);
}

TEST_CASE("objects carry time, device, value and sequence number", "[device-simulator]") {
    FleetOptions with = options(2, 2);
    with.payload = PayloadForm::json;
    with.value = {ValueForm::uniform, 5, 5};
    const auto all = run(with);
    REQUIRE(all.size() == 4);
    CHECK(all[0].message.payload ==
          R"({"timestamp":"2024-10-07 13:02:45","device_name":"d1","data":5.0,"seq":1})");
    CHECK(all[3].message.payload ==
          R"({"timestamp":"2024-10-07 13:02:45.495000","device_name":"d2","data":5.0,"seq":2})");
}

TEST_CASE("delayed readings come later, in the order of their publishing", "[device-simulator]") {
    FleetOptions with = options(10, 1'000);
    with.payload = PayloadForm::json;
    with.delay = {0.2, 3s, 0.01, 60s};
    const auto all = run(with);
    REQUIRE(all.size() == 10'000);
    CHECK(std::is_sorted(all.begin(), all.end(),
                         [](const Timed& a, const Timed& b) { return a.at < b.at; }));
    const auto in_time = run([&] {
        FleetOptions without = with;
        without.delay = {};
        return without;
    }());
    std::map<std::string, Elapsed> taken;
    for (const Timed& timed : in_time)
        taken[timed.message.payload] = timed.at;
    std::size_t delayed = 0;
    std::size_t late = 0;
    for (const Timed& timed : all) {
        const Elapsed delay = timed.at - taken.at(timed.message.payload);
        CHECK((delay == 60s || (delay >= 0s && delay < 3s)));
        if (delay == 60s) ++late;
        if (delay > 0s && delay < 60s) ++delayed;
    }
    // 2,000 and 100 are expected; the standard deviations are 40 and 10.
    CHECK((delayed > 1'800 && delayed < 2'200));
    CHECK((late > 50 && late < 150));
}

TEST_CASE("postponing moves what is not taken yet, and its time", "[device-simulator]") {
    FleetOptions with = options(1, 3);
    with.payload = PayloadForm::json;
    Fleet fleet(with, start);
    std::vector<Message> out;
    REQUIRE(fleet.take(0s, 10, out).ok());
    fleet.postpone(10s);
    CHECK(fleet.next_due() == Elapsed{10s + 330ms});
    REQUIRE(fleet.take(11s, 10, out).ok());
    REQUIRE(out.size() == 3);
    CHECK(out[1].payload.find("13:02:55.330000") != std::string::npos);
    CHECK_FALSE(fleet.next_due());
}

TEST_CASE("no more is taken than asked for", "[device-simulator]") {
    Fleet fleet(options(10, 10), start);
    std::vector<Message> out;
    REQUIRE(fleet.take(1h, 7, out).ok());
    CHECK(out.size() == 7);
    REQUIRE(fleet.take(1h, 1'000, out).ok());
    CHECK(out.size() == 100);
}

TEST_CASE("value models keep to their range and shape", "[device-simulator]") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    ValueModel sine{ValueForm::sine, -10, 10, 3, 60s, 0};
    double least = 0;
    double greatest = 0;
    for (int s = 0; s < 60; ++s) {
        const double value = sine.next(1, 1, 0, std::chrono::seconds(s), nan);
        CHECK(sine.next(1, 1, 9, std::chrono::seconds(s + 60), nan) == Approx(value).margin(0.002));
        least = std::min(least, value);
        greatest = std::max(greatest, value);
    }
    CHECK(least == Approx(-10).margin(0.1));
    CHECK(greatest == Approx(10).margin(0.1));

    ValueModel walk{ValueForm::walk, 0, 100, 2, 60s, 5};
    double before = nan;
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        const double value = walk.next(1, 1, i, 0s, before);
        CHECK((value >= 0 && value <= 100));
        if (!std::isnan(before)) CHECK(std::abs(value - before) <= 5.01);
        before = value;
    }
}

}  // namespace
}  // namespace weir::device_simulator
