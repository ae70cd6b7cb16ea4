// SPDX-License-Identifier: Apache-2.0
// Goal: what a service sees when brokers misbehave: every accepted record is answered once, a full
// queue says so, transactional failures come by their meaning, an offset out of range is an event.
// Method: librdkafka's mock cluster with injected errors; a wait ends with the event waited for.
#include <functional>
#include <map>

#include "catch.hpp"
#include "kafka/consumer.hpp"
#include "kafka/dead_letter.hpp"
#include "kafka/headers.hpp"
#include "kafka/producer.hpp"
#include "kafka/transactions.hpp"
#include "mock_cluster.hpp"

using namespace weir;
using namespace weir::kafka;
using namespace std::chrono_literals;

namespace {

constexpr std::int16_t produce_request = 0;
constexpr std::int16_t fetch_request = 1;
constexpr std::int16_t end_txn_request = 26;

constexpr auto for_ever = [] { return true; };

/// Polls until `found` is true for an event; fails after ten seconds.
void poll_until(Consumer& consumer, const std::function<bool(const Event&)>& found) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < deadline)
        for (const Event& event : consumer.poll(50ms))
            if (found(event)) return;
    FAIL("the event did not come");
}

Position at(const std::string& topic, std::int64_t offset) {
    return {{topic, Partition{0}}, Offset{offset}, {}};
}

}  // namespace

TEST_CASE("each accepted record is answered once, with its place or with a reason", "[kafka]") {
    MockCluster cluster;
    cluster.create_topic("t", 1);
    std::map<std::uint64_t, int> good;
    std::map<std::uint64_t, Meaning> bad;
    auto producer = Producer::open(cluster.options(), {}, [&](const Delivery& delivery) {
        if (delivery.delivered)
            ++good[delivery.token];
        else
            bad[delivery.token] = delivery.failure->meaning;
    });
    REQUIRE(producer.ok());
    REQUIRE(producer->send({.topic = "t", .key = "a", .value = "1", .token = 1}).ok());
    CHECK(producer->queue_depth() == 1);
    REQUIRE(producer->flush(10s));
    CHECK(good == std::map<std::uint64_t, int>{{1, 1}});

    cluster.fail_next(produce_request, {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION});
    REQUIRE(producer->send({.topic = "t", .key = "a", .value = "2", .token = 2}).ok());
    REQUIRE(producer->flush(10s));
    CHECK(good.at(2) == 1);

    // Too large for the client's own limit: refused at once, never accepted.
    const std::string huge(2'000'000, 'x');
    const auto refused = producer->send({.topic = "t", .value = huge, .token = 3});
    REQUIRE(!refused.ok());
    CHECK(refused.error() == SendError::too_large);

    // Closing answers what the brokers did not.
    cluster.set_down(true);
    REQUIRE(producer->send({.topic = "t", .key = "a", .value = "4", .token = 4}).ok());
    producer->close(0ms);
    CHECK(bad == std::map<std::uint64_t, Meaning>{{4, Meaning::needs_abort}});
    CHECK(producer->queue_depth() == 0);
}

TEST_CASE("what was not delivered can be sent again as it was", "[kafka]") {
    MockCluster cluster;
    cluster.create_topic("t", 1);
    int failures = 0;
    std::optional<Producer> producer;
    auto opened = Producer::open(cluster.options(), {}, [&](const Delivery& delivery) {
        if (delivery.delivered) return;
        ++failures;
        CHECK(delivery.topic == "t");
        REQUIRE(delivery.headers.size() == 2);
        CHECK(delivery.headers[1].name == "y");
        CHECK(delivery.headers[1].value == "2");
        REQUIRE(producer
                    ->send({.topic = delivery.topic,
                            .key = delivery.key,
                            .value = delivery.value,
                            .headers = delivery.headers})
                    .ok());
    });
    REQUIRE(opened.ok());
    producer.emplace(std::move(*opened));
    cluster.fail_next(produce_request, {RD_KAFKA_RESP_ERR_INVALID_RECORD});
    const Header headers[] = {{"x", "1"}, {"y", "2"}};
    REQUIRE(producer->send({.topic = "t", .key = "k", .value = "v", .headers = headers}).ok());
    REQUIRE(producer->flush(10s));
    CHECK(failures == 1);
    auto consumer = Consumer::open(cluster.options(), {});
    REQUIRE(consumer.ok());
    REQUIRE(consumer->start(std::vector{at("t", 0)}).ok());
    poll_until(*consumer, [&](const Event& event) {
        if (event.kind != Event::Kind::record) return false;
        CHECK(event.record.key == "k");
        CHECK(event.record.value == "v");
        CHECK(event.record.header("x") == "1");
        return true;
    });
}

TEST_CASE("a full queue says so and takes records again after answers", "[kafka]") {
    MockCluster cluster;
    cluster.create_topic("t", 1);
    auto producer = Producer::open(cluster.options(), {.linger = 1000ms, .queue_records_max = 2});
    REQUIRE(producer.ok());
    CHECK(producer->send({.topic = "t", .value = "1"}).ok());
    CHECK(producer->send({.topic = "t", .value = "2"}).ok());
    const auto full = producer->send({.topic = "t", .value = "3"});
    REQUIRE(!full.ok());
    CHECK(full.error() == SendError::queue_full);
    REQUIRE(producer->flush(10s));
    CHECK(producer->send({.topic = "t", .value = "3"}).ok());
    CHECK(producer->flush(10s));
}

TEST_CASE("a record comes back with key, value, headers and time as it was sent", "[kafka]") {
    MockCluster cluster;
    cluster.create_topic("t", 1);
    auto producer = Producer::open(cluster.options(), {});
    REQUIRE(producer.ok());
    const std::string binary("\0\xFF", 2);
    const Header headers[] = {{header::origin, "test/1"}, {"x", "first"}, {"x", "second"}};
    REQUIRE(producer
                ->send({.topic = "t",
                        .key = binary,
                        .value = "v",
                        .headers = headers,
                        .timestamp_ms = 1'700'000'000'123})
                .ok());
    REQUIRE(producer->send({.topic = "t", .key = {}, .value = {}}).ok());
    REQUIRE(producer->flush(10s));

    auto consumer = Consumer::open(cluster.options(), {});
    REQUIRE(consumer.ok());
    REQUIRE(consumer->start(std::vector{at("t", 0)}).ok());
    poll_until(*consumer, [&](const Event& event) {
        if (event.kind != Event::Kind::record || event.record.offset != Offset{0}) return false;
        CHECK(event.record.key == binary);
        CHECK(event.record.value == "v");
        CHECK(event.record.timestamp_ms == 1'700'000'000'123);
        CHECK(event.record.header("x") == "second");
        CHECK(!event.record.header("y"));
        CHECK(event.record.headers().size() == 3);

        const HeaderList list = dead_letter_headers(event.record, "it is broken", "decode", "me/1");
        const auto views = list.views();
        REQUIRE(views.size() == 6);
        CHECK(views[1].name == header::topic);
        CHECK(views[1].value == "t");
        CHECK(views[3].value == "0");
        CHECK(views[4].value == "it is broken");
        return true;
    });
    REQUIRE(consumer->restart(std::vector{at("t", 1)}).ok());
    poll_until(*consumer, [&](const Event& event) {
        if (event.kind != Event::Kind::record) return false;
        CHECK(event.record.key.data() == nullptr);
        CHECK(event.record.value.data() == nullptr);
        return true;
    });
    poll_until(*consumer, [](const Event& event) {
        return event.kind == Event::Kind::end && event.record.offset == Offset{2};
    });
}

TEST_CASE("an offset the log does not have is an event, never a jump", "[kafka]") {
    MockCluster cluster;
    cluster.create_topic("t", 1);
    auto consumer = Consumer::open(cluster.options(), {});
    REQUIRE(consumer.ok());
    REQUIRE(consumer->start(std::vector{at("t", 5)}).ok());
    poll_until(*consumer, [](const Event& event) {
        return event.kind == Event::Kind::failed &&
               event.failure->meaning == Meaning::needs_abort && event.record.topic == "t";
    });

    // And the partition can be begun again elsewhere, in a few attempts.
    auto producer = Producer::open(cluster.options(), {});
    REQUIRE(producer.ok());
    REQUIRE(producer->send({.topic = "t", .value = "v"}).ok());
    REQUIRE(producer->flush(10s));
    int attempts = 0;
    for (auto begun = consumer->restart(std::vector{at("t", 0)}); !begun;
         begun = consumer->restart(std::vector{at("t", 0)})) {
        REQUIRE(begun.error().meaning == Meaning::retriable);
        REQUIRE(++attempts < 10);
    }
    poll_until(*consumer, [](const Event& event) {
        return event.kind == Event::Kind::record && event.record.offset == Offset{0};
    });
}

TEST_CASE("a fetch that fails for a while is no news", "[kafka]") {
    MockCluster cluster;
    cluster.create_topic("t", 1);
    auto producer = Producer::open(cluster.options(), {});
    REQUIRE(producer.ok());
    REQUIRE(producer->send({.topic = "t", .value = "v"}).ok());
    REQUIRE(producer->flush(10s));
    cluster.fail_next(fetch_request, {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                      RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE});
    auto consumer = Consumer::open(cluster.options(), {});
    REQUIRE(consumer.ok());
    REQUIRE(consumer->start(std::vector{at("t", 0)}).ok());
    poll_until(*consumer, [](const Event& event) {
        CHECK(event.kind != Event::Kind::failed);
        return event.kind == Event::Kind::record;
    });
}

TEST_CASE("a commit is repeated until its fate is known, and aborted if it must be", "[kafka]") {
    MockCluster cluster;
    cluster.create_topic("t", 1);
    auto producer = Producer::open(cluster.options(), {.transactional_id = "id"});
    REQUIRE(producer.ok());
    Transactions transactions(*producer, for_ever);
    REQUIRE(transactions.init().ok());

    REQUIRE(transactions.begin().ok());
    REQUIRE(producer->send({.topic = "t", .value = "1"}).ok());
    cluster.fail_next(end_txn_request, {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
                                        RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS});
    CHECK(transactions.commit().ok());
    CHECK(!transactions.open());

    REQUIRE(transactions.begin().ok());
    REQUIRE(producer->send({.topic = "t", .value = "2"}).ok());
    cluster.fail_next(produce_request, {RD_KAFKA_RESP_ERR_INVALID_RECORD});
    const auto lost = transactions.commit();
    REQUIRE(!lost.ok());
    CHECK(name(lost.error().meaning) == name(Meaning::needs_abort));
    CHECK(transactions.open());
    CHECK(transactions.abort().ok());
}

TEST_CASE("a producer that was fenced is finished", "[kafka]") {
    MockCluster cluster;
    cluster.create_topic("t", 1);
    auto producer = Producer::open(cluster.options(), {.transactional_id = "id"});
    REQUIRE(producer.ok());
    Transactions transactions(*producer, for_ever);
    REQUIRE(transactions.init().ok());
    REQUIRE(transactions.begin().ok());
    REQUIRE(producer->send({.topic = "t", .value = "1"}).ok());
    cluster.fail_next(end_txn_request, {RD_KAFKA_RESP_ERR_PRODUCER_FENCED});
    const auto fenced = transactions.commit();
    REQUIRE(!fenced.ok());
    INFO(fenced.error().message);
    CHECK(name(fenced.error().meaning) == name(Meaning::fatal));
    CHECK(producer->fatal());
    const auto refused = producer->send({.topic = "t", .value = "2"});
    REQUIRE(!refused.ok());
    CHECK(refused.error() == SendError::refused);
}
