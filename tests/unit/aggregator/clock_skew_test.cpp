// SPDX-License-Identifier: Apache-2.0
// Goal: whoever's clock is furthest off is named, whoever was only slow is not, and memory has a
// bound. Method: skews in, names out; turns are over when the test says so.
#include "clock_skew.hpp"

#include <algorithm>
#include <string>

#include "aggregation/group_key.hpp"
#include "catch.hpp"
#include "seed.hpp"

using namespace weir;
using namespace weir::aggregator;
using namespace std::chrono_literals;
using window::Duration;

namespace {

std::vector<std::string> names(const SkewedKeys& keys) {
    std::vector<std::string> found;
    for (const auto& one : keys.worst())
        found.push_back(one.key);
    return found;
}

}  // namespace

TEST_CASE("readings are counted by side and distance", "[aggregator]") {
    SkewCounts counts;
    for (const Duration skew : {Duration{0}, Duration{100ms}, Duration{101ms}, Duration{-2s},
                                Duration{-24h * 365}, Duration{24h * 365}})
        counts.add(skew);
    CHECK(counts.ahead.readings == decltype(counts.ahead.readings){2, 1, 0, 0, 0, 0, 0, 0, 1});
    CHECK(counts.behind.readings == decltype(counts.ahead.readings){0, 0, 1, 0, 0, 0, 0, 0, 1});
    CHECK(counts.ahead.seconds == Approx(365 * 86400 + 0.201));
    CHECK(counts.behind.seconds == Approx(365 * 86400 + 2));
    SkewCounts both = counts;
    both += counts;
    CHECK(both.ahead.readings[0] == 4);
    CHECK(both.behind.seconds == Approx(2 * counts.behind.seconds));
}

TEST_CASE("the worst are named, the furthest off first", "[aggregator]") {
    SkewedKeys keys(1, 2);
    keys.hear("right", 999ms);
    CHECK(keys.worst().empty());
    keys.hear("behind", -5min);
    keys.hear("a little", 1s);
    keys.hear("ahead", 24h * 365);
    keys.hear("right", -10ms);
    CHECK(keys.worst() == std::vector<SkewedKeys::Skewed>{{"ahead", 24h * 365}, {"behind", -5min}});

    SkewedKeys nobody(1, 0);
    nobody.hear("ahead", 24h);
    CHECK(nobody.worst().empty());
}

TEST_CASE("a key of several fields is named as its results are", "[aggregator]") {
    std::string key;
    aggregation::append_key_part(key, "north");
    aggregation::append_key_part(key, "device1");
    SkewedKeys keys(2, 1);
    keys.hear(key, 1h);
    CHECK(names(keys) == std::vector<std::string>{R"(["north","device1"])"});
}

TEST_CASE("one reading that was long on its way makes no clock wrong", "[aggregator]") {
    SkewedKeys keys(1, 10);
    keys.hear("slow", -1h);
    keys.hear("slow", -20ms);
    keys.hear("slow", -2h);
    CHECK(keys.worst().empty());
    keys.turn();
    keys.hear("slow", -1h);
    CHECK(names(keys) == std::vector<std::string>{"slow"});
}

TEST_CASE("a clock that was set right is forgotten after two turns", "[aggregator]") {
    SkewedKeys keys(1, 10);
    keys.hear("set", 1h);
    keys.hear("gone", 1h);
    keys.hear("wrong", 1h);
    keys.turn();
    keys.hear("set", 0s);
    keys.hear("wrong", 1h);
    CHECK(names(keys) == std::vector<std::string>{"gone", "set", "wrong"});
    keys.turn();
    CHECK(names(keys) == std::vector<std::string>{"wrong"});
    keys.turn();
    CHECK(names(keys).empty());
}

TEST_CASE("when all clocks are wrong memory keeps its bound and the worst are found",
          "[aggregator]") {
    SECTION("each by another time") {
        auto random = weir::test::random_engine();
        std::vector<int> order(100'000);
        for (std::size_t i = 0; i < order.size(); ++i)
            order[i] = static_cast<int>(i);
        std::shuffle(order.begin(), order.end(), random);
        SkewedKeys keys(1, 3);
        for (const int minutes : order)
            keys.hear("device" + std::to_string(minutes), -1min * (minutes + 1));
        CHECK(names(keys) == std::vector<std::string>{"device99999", "device99998", "device99997"});
        CHECK(keys.size() <= SkewedKeys::keys_max);
    }
    SECTION("all by the same") {
        SkewedKeys keys(1, 3);
        for (int i = 0; i < 100'000; ++i)
            keys.hear("device" + std::to_string(i), -1h);
        CHECK(names(keys).size() == 3);
        CHECK(keys.size() <= SkewedKeys::keys_max);
        keys.hear("worse", -2h);
        CHECK(names(keys).front() == "worse");
    }
}
