// SPDX-License-Identifier: Apache-2.0
// Goal: metrics and health say the truth in their formats. Time is passed in.
#include "catch.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"

using namespace weir::runtime;
using namespace std::chrono_literals;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("metrics are shown in the Prometheus text format", "[runtime]") {
    Metrics metrics("example");
    metrics.counter("weir_records_total", "Records.", {{"fate", "used"}}).add(3);
    metrics.counter("weir_records_total", "Records.", {{"fate", "late"}}).add();
    metrics.gauge("weir_lag", "Lag.").set(2.5);
    metrics.histogram("weir_wait_seconds", "Wait.", {0.1, 1}).observe(0.5);
    const auto text = metrics.text();
    CAPTURE(text);
    CHECK(contains(text, "# TYPE weir_records_total counter"));
    CHECK(contains(text, "weir_records_total{fate=\"used\"} 3"));
    CHECK(contains(text, "weir_records_total{fate=\"late\"} 1"));
    CHECK(contains(text, "weir_lag 2.5"));
    CHECK(contains(text, "weir_wait_seconds_bucket{le=\"1\"} 1"));
    CHECK(contains(text, "weir_build_info{service=\"example\""));
    CHECK(contains(text, "process_resident_memory_bytes"));
}

TEST_CASE("a gauge function is read at each scrape, until its handle goes", "[runtime]") {
    Metrics metrics("example");
    double value = 1;
    {
        const Reading reading =
            metrics.gauge_function("weir_depth", "Depth.", [&] { return value; });
        CHECK(contains(metrics.text(), "weir_depth 1"));
        value = 2;
        CHECK(contains(metrics.text(), "weir_depth 2"));
    }
    CHECK_FALSE(contains(metrics.text(), "weir_depth"));
}

TEST_CASE("a family of gauges says at each scrape which series it has", "[runtime]") {
    Metrics metrics("example");
    std::vector<Sample> samples;
    const Reading family = metrics.gauge_family("weir_depth", "Depth.", [&] { return samples; });
    CHECK_FALSE(contains(metrics.text(), "weir_depth{"));
    samples = {{{{"well", "a"}}, 1}, {{{"well", "b"}}, 2}};
    const Reading beside =
        metrics.gauge_function("weir_depth", "Depth.", [] { return 3.0; }, {{"well", "c"}});
    CHECK(contains(metrics.text(), "weir_depth{well=\"a\"} 1"));
    CHECK(contains(metrics.text(), "weir_depth{well=\"b\"} 2"));
    CHECK(contains(metrics.text(), "weir_depth{well=\"c\"} 3"));
}

TEST_CASE("readiness needs every condition and ends with the stop", "[runtime]") {
    Health health;
    auto& kafka = health.condition("kafka");
    auto& mqtt = health.condition("mqtt");
    CHECK_FALSE(health.ready().good);
    kafka.met();
    CHECK(health.ready().json ==
          R"({"status":"not ready","conditions":{"kafka":"ok","mqtt":"not yet"}})");
    mqtt.met();
    CHECK(health.ready().good);
    kafka.unmet("the broker \"a\" refused");
    CHECK(contains(health.ready().json, R"("kafka":"the broker \"a\" refused")"));
    CHECK(health.conditions() ==
          std::vector<std::pair<std::string, bool>>{{"kafka", false}, {"mqtt", true}});
    kafka.met();
    health.stopping();
    CHECK_FALSE(health.ready().good);
    CHECK(contains(health.ready().json, "stopping"));
}

TEST_CASE("a loop that stays away makes the process count as hung", "[runtime]") {
    Health health;
    const Health::Time start{};
    auto& pulse = health.pulse("loop", 1s, start);
    CHECK(health.alive(start + 1s).good);
    CHECK_FALSE(health.alive(start + 1001ms).good);
    CHECK(contains(health.alive(start + 2s).json, "silent for 2000 ms"));
    pulse.beat(start + 2s);
    CHECK(health.alive(start + 3s).good);
}
