// SPDX-License-Identifier: Apache-2.0
// Goal: what does not fit between the options and the world is found, all of it, and what fits is
// left alone. Method: surroundings as values; no broker.
#include "surroundings.hpp"

#include "example.hpp"

using namespace weir;
using namespace weir::aggregator;
using namespace std::chrono_literals;

namespace {

Surroundings fitting() {
    Surroundings found;
    for (const char* name : {"in", "out", "late", "dead"})
        found.topics.push_back({.name = name,
                                .partitions = 4,
                                .replication = 1,
                                .config = {{"cleanup.policy", "delete"},
                                           {"retention.ms", "30000"},
                                           {"min.insync.replicas", "1"}}});
    found.transaction_timeout_max = 15min;
    found.sample.records = 100;
    return found;
}

}  // namespace

TEST_CASE("what fits is left alone", "[aggregator]") {
    CHECK(misfits(example_options(), fitting()).empty());
    Surroundings endless = fitting();
    endless.topics[0].config["retention.ms"] = "-1";
    CHECK(misfits(example_options(), endless).empty());
}

TEST_CASE("every misfit is listed", "[aggregator]") {
    Surroundings found = fitting();
    found.topics[0].config["retention.ms"] = "29999";
    found.topics[0].config["cleanup.policy"] = "compact,delete";
    found.topics[1].config["min.insync.replicas"] = "2";
    found.topics[2].has_leaders = false;
    found.topics.pop_back();
    found.transaction_timeout_max = 9999ms;
    found.refusals = {"refused"};
    found.sample.scattered = 3;
    found.sample.scattered_group = "a";
    const auto list = misfits(example_options(), found);
    const char* const expected[] = {
        "--input in: expected cleanup.policy delete, got compact,delete",
        "--input in: expected a retention.ms of 30000 or more",
        "--output out: expected min.insync.replicas of at most 1, its replicas, got 2",
        "--late late: a partition has no leader",
        "--dead-letter dead: there is no such topic",
        "transaction.max.timeout.ms to be 10000 or more, got 9999",
        "refused",
        "of the newest 100 records of in 3 came under another key",
    };
    REQUIRE(list.size() == std::size(expected));
    for (std::size_t i = 0; i < list.size(); ++i) {
        INFO(list[i]);
        CHECK(list[i].find(expected[i]) != std::string::npos);
    }
}

TEST_CASE("the status topic is compacted and as wide as the input", "[aggregator]") {
    Options options = example_options();
    options.expect_every = 1min;
    options.status = "status";
    Surroundings found = fitting();
    found.topics.push_back({.name = "status",
                            .partitions = 4,
                            .replication = 1,
                            .config = {{"cleanup.policy", "compact"}}});
    CHECK(misfits(options, found).empty());
    found.topics.back().partitions = 3;
    found.topics.back().config["cleanup.policy"] = "delete";
    const auto list = misfits(options, found);
    REQUIRE(list.size() == 2);
    CHECK(list[0] == "--status status: expected at least 4 partitions, as the input has, got 3");
    CHECK(list[1].find("expected cleanup.policy compact, got delete") != std::string::npos);
}

TEST_CASE("a sample with some dead records is a matter of the day, one with no other is not",
          "[aggregator]") {
    Surroundings found = fitting();
    found.sample.dead = 99;
    CHECK(misfits(example_options(), found).empty());
    found.sample.dead = 100;
    found.sample.dead_reason = "no time";
    const auto list = misfits(example_options(), found);
    REQUIRE(list.size() == 1);
    CHECK(list[0] == "--input in: none of the newest 100 records is a reading: no time");
}

TEST_CASE("a bounded run asks nothing of a memory or a transaction", "[aggregator]") {
    Surroundings found = fitting();
    found.topics[0].config["retention.ms"] = "1";
    found.transaction_timeout_max = 1ms;
    Options options = example_options();
    CHECK(misfits(options, found).size() == 2);
    options.until = Until::end;
    CHECK(misfits(options, found).empty());
}

TEST_CASE("the input is needed for a window, its grace and its late readings", "[aggregator]") {
    Options options = example_options();
    CHECK(memory_span(options) == 30s);
    options.accept_late = 1min;
    CHECK(memory_span(options) == 90s);
    options.sliding = true;
    CHECK(memory_span(options) == 105s);
    options.sliding = false;
    options.session_gap = 1h;
    CHECK(memory_span(options) == 1h + 75s);
}
