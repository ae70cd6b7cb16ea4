// SPDX-License-Identifier: Apache-2.0
// Goal: a partition is taken over exactly where its checkpoint says, afresh where there is none,
// and not at all where it would come out wrong. Method: what was committed and what the log has go
// in as values; no broker.
#include "recovery.hpp"

#include "aggregation/reading.hpp"
#include "config/version.hpp"
#include "example.hpp"
#include "transactional_id.hpp"

#include <unistd.h>

using namespace weir;
using namespace weir::aggregator;

namespace {

struct Case {
    Options options = example_options();
    int partitions = 4;
    std::optional<kafka::Position> committed{};
    kafka::Watermarks log{Offset{0}, Offset{100}};

    [[nodiscard]] Result<Plan> plan() const {
        const Reader reader(options);
        return plan_recovery(options, reader.aggregates(), Fingerprint(options, partitions),
                             committed, log);
    }
    /// As an aggregator with these options commits at `offset`, with a window open since `from`.
    void commit(std::int64_t offset, std::int64_t from) {
        const window::Checkpoint checkpoint{.replay_from = Offset{from}};
        committed = kafka::Position{{"in", Partition{0}},
                                    Offset{offset},
                                    encode_metadata(checkpoint, Fingerprint(options, partitions))};
    }
};

}  // namespace

TEST_CASE("a partition nobody committed begins where --start says", "[aggregator]") {
    Case fresh;
    fresh.log = {Offset{5}, Offset{100}};
    const auto earliest = fresh.plan();
    REQUIRE(earliest.ok());
    CHECK(earliest->read_from == Offset{5});
    CHECK(!earliest->committed);
    CHECK(!earliest->stream.replaying());

    fresh.options.start = Start::latest;
    const auto latest = fresh.plan();
    REQUIRE(latest.ok());
    CHECK(latest->read_from == Offset{100});
}

TEST_CASE("a checkpoint is continued by reading again from where its windows began",
          "[aggregator]") {
    Case running;
    running.commit(50, 20);
    const auto plan = running.plan();
    REQUIRE(plan.ok());
    CHECK(plan->read_from == Offset{20});
    CHECK(plan->committed == Offset{50});
    CHECK(plan->stream.replaying());
    CHECK(plan->warning.empty());
    CHECK(!plan->rewrite);
}

TEST_CASE("what retention has taken from open windows is said", "[aggregator]") {
    Case cut;
    cut.commit(50, 20);
    cut.log.low = Offset{30};
    const auto plan = cut.plan();
    REQUIRE(plan.ok());
    CHECK(plan->read_from == Offset{30});
    CHECK(plan->stream.replaying());
    CHECK(plan->warning.find("the log begins at 30 and the open windows began at 20") !=
          std::string::npos);

    cut.log.low = Offset{70};
    const auto gone = cut.plan();
    REQUIRE(gone.ok());
    CHECK(gone->read_from == Offset{70});
    CHECK(gone->committed == Offset{50});
}

TEST_CASE("what an earlier version committed is continued", "[aggregator]") {
    Case earlier;
    earlier.committed = kafka::Position{
        {"in", Partition{0}},
        Offset{50},
        "weir1 ae2c6e66e7837066 20 1728306165000000 - - 10:15000000,1:15000000 | "
        "partitions=4;key=device_name;time=timestamp;time-zone=UTC;window=15s;grace=15s;"
        "max-ahead=1h;aggregate=average=mean(data:float32)"};
    const auto plan = earlier.plan();
    REQUIRE(plan.ok());
    CHECK(plan->read_from == Offset{20});
    CHECK(plan->committed == Offset{50});
    CHECK(plan->warning.empty());
    CHECK(plan->rewrite);

    earlier.options.accept_late = std::chrono::minutes{1};
    CHECK(!earlier.plan().ok());
}

TEST_CASE("an offset without a checkpoint is a fresh start there", "[aggregator]") {
    Case plain;
    plain.committed = kafka::Position{{"in", Partition{0}}, Offset{50}, {}};
    const auto plan = plain.plan();
    REQUIRE(plan.ok());
    CHECK(plan->read_from == Offset{50});
    CHECK(!plan->committed);
    CHECK(!plan->warning.empty());
}

TEST_CASE("what would come out wrong is refused by name, and accepted with --reset",
          "[aggregator]") {
    Case other;
    other.commit(50, 20);
    std::string reason;
    Offset reset_from{50};
    SECTION("another window") {
        other.options.window = std::chrono::seconds{30};
        reason = "--window was 15s, is 30s";
    }
    SECTION("another kind of window") {
        other.options.every = std::chrono::seconds{5};
        reason = "--every was not given, is 5s";
    }
    SECTION("sessions") {
        other.options.session_gap = std::chrono::seconds{5};
        reason = "--session-gap was not given, is 5s";
    }
    SECTION("an option that was given") {
        other.options.accept_late = std::chrono::minutes{1};
        other.commit(50, 20);
        other.options.accept_late = {};
        reason = "--accept-late was 1m, is not given";
    }
    SECTION("readings that count once") {
        other.options.distinct_by = "seq";
        reason = "--distinct-by was not given, is seq";
    }
    SECTION("another bound of what tells readings apart") {
        other.options.distinct_by = "seq";
        other.commit(50, 20);
        other.options.distinct_by_values_max = 7;
        reason = "--distinct-by-values-max was 10000, is 7";
    }
    SECTION("another bound") {
        other.options.aggregates.front().function = window::Function::percentile;
        other.commit(50, 20);
        other.options.bounds.percentile_values_max = 7;
        reason = "--percentile-values-max was 10000, is 7";
    }
    SECTION("another aggregate") {
        other.options.aggregates.front().type = window::FieldType::float64;
        reason = "--aggregate was average=mean(data:float32), is average=mean(data:double)";
    }
    SECTION("another bound of the future") {
        other.options.max_ahead.reset();
        reason = "--max-ahead was 1h, is empty";
    }
    SECTION("more partitions") {
        other.partitions = 8;
        reason = "the number of partitions was 4, is 8";
    }
    SECTION("another topic under the old name") {
        other.log.high = Offset{10};
        reason = "the committed offset 50 is beyond the end of the log, 10";
        reset_from = Offset{0};
    }
    SECTION("another program's metadata") {
        other.committed->metadata = "consumer-1";
        reason = "expected a checkpoint of the aggregator, got \"consumer-1\"";
    }
    SECTION("a version to come") {
        other.committed->metadata.replace(0, 5, "weir9");
        reason = "the checkpoint has format 9, for readers of format 9 or later, and this program "
                 "knows formats 1 to 2 (version " +
                 std::string(config::version) +
                 "): start the newer version again, and before coming back from it let it write "
                 "--checkpoint-format 2";
    }
    const auto refused = other.plan();
    REQUIRE(!refused.ok());
    INFO(refused.error().message);
    CHECK(refused.error().message.find(reason) != std::string::npos);
    CHECK(refused.error().message.find("--reset") != std::string::npos);

    other.options.reset = true;
    const auto accepted = other.plan();
    REQUIRE(accepted.ok());
    CHECK(accepted->read_from == reset_from);
    CHECK(!accepted->committed);
    CHECK(accepted->warning.find(reason) != std::string::npos);
}

TEST_CASE("how results look may change between two starts", "[aggregator]") {
    Case same;
    same.commit(50, 20);
    same.options.round = 1;
    same.options.window_form = WindowForm::flat;
    same.options.idle = std::chrono::seconds{60};
    same.options.guarantee = Guarantee::at_least_once;
    CHECK(same.plan().ok());
}

TEST_CASE("the fingerprint stays short and its hash is the same everywhere", "[aggregator]") {
    Options options = example_options();
    const Fingerprint fingerprint(options, 4);
    CHECK(fingerprint.text() ==
          "partitions=4;key=device_name;time=timestamp;time-zone=UTC;window=15s;grace=15s;"
          "max-ahead=1h;aggregate=average=mean(data:float32)");
    CHECK(fingerprint.hash() == 0xae2c6e66e7837066);
    options.distinct_by_values_max = 7;
    CHECK(Fingerprint(options, 4).hash() == fingerprint.hash());

    options.key = {std::string(5000, 'k') + ";x=|"};
    CHECK(Fingerprint(options, 4).text().size() < 300);
    CHECK(checkpoint_bytes_max(Fingerprint(options, 4)) > 3500);
}

TEST_CASE("replicas on one host have ids of their own, and a free one comes back", "[aggregator]") {
    const std::string group = "unit-test-" + std::to_string(::getpid());
    auto first = TransactionalId::claim("", group);
    REQUIRE(first.ok());
    const std::string name = first->text();
    CHECK(name.starts_with(group + "-"));
    CHECK(name.ends_with("-0"));
    {
        const auto second = TransactionalId::claim("", group);
        REQUIRE(second.ok());
        CHECK(second->text().ends_with("-1"));
        const TransactionalId freed = std::move(*first);
    }
    const auto again = TransactionalId::claim("", group);
    REQUIRE(again.ok());
    CHECK(again->text() == name);
    CHECK(TransactionalId::claim("mine", group)->text() == "mine");
}
