// SPDX-License-Identifier: Apache-2.0
// Goal: whatever replicas own which slots, each filter has exactly one session, the same one for
// good. Method: slots are dealt by hand and at random, as Kafka might.
#include "session_plan.hpp"

#include <algorithm>
#include <map>

#include "catch.hpp"
#include "seed.hpp"

namespace weir::mqtt_bridge {
namespace {

using Slots = std::vector<kafka::TopicPartition>;

Slots slots(std::initializer_list<int> numbers) {
    Slots list;
    for (const int number : numbers)
        list.push_back({"slots", Partition{number}});
    return list;
}

Options options_with(std::vector<std::string> filters) {
    Options options;
    options.mqtt.client_id = "bridge";
    options.topics = std::move(filters);
    options.slots = "slots";
    return options;
}

std::vector<std::string> filters_of(const SlotPlan& plan) {
    std::vector<std::string> filters;
    for (const SessionPlan& session : plan.sessions()) {
        REQUIRE(session.filters.size() == 1);
        filters.push_back(session.filters[0]);
    }
    return filters;
}

using Filters = std::vector<std::string>;

TEST_CASE("without slots all filters are in one session of the bridge's name", "[mqtt-bridge]") {
    const Options options = options_with({"a/+", "b/+"});
    const SessionPlan whole = whole_session(options);
    CHECK(whole.client_id == "bridge");
    CHECK(whole.filters == Filters{"a/+", "b/+"});
    CHECK(whole.in_flight == options.in_flight);
    CHECK(whole.in_flight_size == options.in_flight_size);
}

TEST_CASE("a filter's session is named for good by the bridge and the filter", "[mqtt-bridge]") {
    // MQTT brokers keep sessions under these names: another hash would leave them behind.
    const Options options = options_with({"a", "site/north/+"});
    CHECK(filter_session(options, "a").client_id == "bridge-af63dc4c8601ec8c");
    CHECK(filter_session(options, "site/north/+").client_id == "bridge-3b7e8fa9c046bff4");
    const Options others = options_with({"x/+", "site/north/+", "y/#"});
    CHECK(filter_session(others, "site/north/+").client_id ==
          filter_session(options, "site/north/+").client_id);
}

TEST_CASE("sessions share what may be in flight", "[mqtt-bridge]") {
    Options options = options_with({"a/+", "b/+", "c/+"});
    options.in_flight = 10;
    options.in_flight_size = Bytes{1'000};
    CHECK(filter_session(options, "a/+").in_flight == 3);
    CHECK(filter_session(options, "a/+").in_flight_size == Bytes{333});
    options.in_flight = 1;  // --check refuses it; nothing may divide to none
    CHECK(filter_session(options, "a/+").in_flight == 1);
}

TEST_CASE("slots come and go, and sessions with them", "[mqtt-bridge]") {
    const Options options = options_with({"a/+", "b/+", "c/+", "d/+", "e/+"});
    SlotPlan plan(options);
    CHECK(plan.sessions().empty());
    plan.take({}, 4);  // a member without a slot
    CHECK(plan.sessions().empty());
    plan.take(slots({1, 2}), 4);
    CHECK(filters_of(plan) == Filters{"b/+", "c/+"});
    plan.take(slots({0}), 4);
    CHECK(plan.owned() == std::set{0, 1, 2});
    CHECK(filters_of(plan) == Filters{"a/+", "b/+", "c/+", "e/+"});
    plan.release(slots({0, 2}));
    plan.release(slots({0, 2}));  // asked again until the sessions have ended
    CHECK(filters_of(plan) == Filters{"b/+"});
    plan.take({}, 2);  // the topic may be created anew
    CHECK(filters_of(plan) == Filters{"b/+", "d/+"});
    plan.release(slots({1}));
    CHECK(plan.sessions().empty());
}

TEST_CASE("a slot without a filter needs no session", "[mqtt-bridge]") {
    const Options options = options_with({"a/+"});
    SlotPlan plan(options);
    plan.take(slots({1, 2, 3}), 4);
    CHECK(plan.sessions().empty());
    plan.take(slots({0}), 4);
    CHECK(filters_of(plan) == Filters{"a/+"});
}

TEST_CASE("however slots are dealt, every filter has one session in all", "[mqtt-bridge]") {
    auto random = test::random_engine();
    const auto draw = [&](int below) {
        return static_cast<int>(random() % static_cast<std::uint64_t>(below));
    };
    for (int round = 0; round < 300; ++round) {
        std::vector<std::string> filters;
        for (int i = draw(12); i >= 0; --i)
            filters.push_back("site/" + std::to_string(i) + "/+");
        const Options options = options_with(filters);
        const int count = 1 + draw(8);
        std::vector<SlotPlan> replicas(static_cast<std::size_t>(1 + draw(4)), SlotPlan(options));
        std::map<int, std::size_t> owners;
        for (int slot = 0; slot < count; ++slot)
            owners[slot] = static_cast<std::size_t>(draw(static_cast<int>(replicas.size())));
        for (const auto& [slot, owner] : owners)
            replicas[owner].take(slots({slot}), count);
        for (int move = 0; move < 10; ++move) {
            const int slot = draw(count);
            replicas[owners[slot]].release(slots({slot}));
            owners[slot] = static_cast<std::size_t>(draw(static_cast<int>(replicas.size())));
            replicas[owners[slot]].take(slots({slot}), count);
        }
        std::vector<std::string> held;
        for (const SlotPlan& replica : replicas)
            for (const std::string& filter : filters_of(replica))
                held.push_back(filter);
        std::sort(held.begin(), held.end());
        std::sort(filters.begin(), filters.end());
        CHECK(held == filters);
    }
}

}  // namespace
}  // namespace weir::mqtt_bridge
