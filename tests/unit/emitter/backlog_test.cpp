// SPDX-License-Identifier: Apache-2.0
// Goal: a client that goes from one replica to another, at any moment and any number of times, gets
// every event once, though the replicas read the partitions in different orders. Method: replicas
// that take the same records in random orders, and a client that moves between them at random.
#include "backlog.hpp"

#include <map>
#include <random>

#include "catch.hpp"
#include "seed.hpp"

using namespace weir::emitter;

namespace {

constexpr std::size_t all = 1 << 20;

SentEvent event(std::int32_t partition, std::int64_t offset, std::string args = "1") {
    return {.partition = partition, .offset = offset, .args = std::move(args)};
}

Backlog backlog(std::size_t bytes_max = 1 << 20) {
    Backlog made({"t"}, bytes_max);
    made.begin("t", 0, 10);
    made.begin("t", 1, 20);
    return made;
}

std::vector<std::int64_t> offsets(const std::vector<Backlog::Resent>& events) {
    std::vector<std::int64_t> found;
    for (const auto& [sent, offset] : events)
        found.push_back(sent->offset);
    return found;
}

}  // namespace

TEST_CASE("what is missing is what comes after the offset of each partition", "[emitter]") {
    Backlog sent = backlog();
    const OffsetVector before = sent.now();
    sent.add("t", event(0, 10));
    const OffsetVector there = sent.now();
    sent.add("t", event(1, 21));
    sent.add("t", event(0, 12));
    CHECK(offsets(*sent.since(before, all)) == std::vector<std::int64_t>{10, 21, 12});
    CHECK(offsets(*sent.since(there, all)) == std::vector<std::int64_t>{21, 12});
    CHECK(sent.since(sent.now(), all)->empty());
    CHECK(sent.since(there, all)->back().offset == sent.offset());
    CHECK(sent.has_reached(there));
}

TEST_CASE("a record without an event moves the offset all the same", "[emitter]") {
    Backlog sent = backlog();
    sent.pass("t", 0, 15);
    CHECK(sent.offset().ends_with(":15,20"));
    sent.pass("t", 0, 12);  // the end that was seen before it
    CHECK(sent.offset().ends_with(":15,20"));
}

TEST_CASE("who has missed more than is kept is told so", "[emitter]") {
    Backlog sent = backlog(3 * (sizeof(SentEvent) + 1));
    const OffsetVector start = sent.now();
    for (int i = 0; i < 3; ++i)
        sent.add("t", event(0, 10 + i));
    CHECK(sent.since(start, all)->size() == 3);
    sent.add("t", event(1, 20));
    CHECK_FALSE(sent.since(start, all));
    OffsetVector later = start;
    later.set(0, 0, 11);
    CHECK(offsets(*sent.since(later, all)) == std::vector<std::int64_t>{11, 12, 20});
    sent.add("t", event(1, 21, std::string(10'000, 'x')));
    CHECK(sent.bytes() == 0);
    CHECK_FALSE(sent.since(later, all));
    CHECK(sent.since(sent.now(), all)->empty());
}

TEST_CASE("a partition that is read from elsewhere forgets what was before", "[emitter]") {
    Backlog sent = backlog();
    const OffsetVector start = sent.now();
    sent.add("t", event(0, 10));
    sent.begin("t", 1, 500);  // retention took what was in between
    CHECK_FALSE(sent.since(start, all));
    OffsetVector there = start;
    there.set(0, 1, 500);
    CHECK(offsets(*sent.since(there, all)) == std::vector<std::int64_t>{10});
    // Made anew: its offsets are others' now.
    sent.begin("t", 0, 3);
    CHECK(sent.bytes() == 0);
    there.set(0, 0, 3);
    sent.add("t", event(0, 3));
    CHECK(offsets(*sent.since(there, all)) == std::vector<std::int64_t>{3});
}

TEST_CASE("more than is wanted at once is nothing", "[emitter]") {
    Backlog sent = backlog();
    const OffsetVector start = sent.now();
    sent.add("t", event(0, 10, std::string(100, 'x')));
    const std::size_t bytes = 100 + sent.offset().size();
    CHECK(sent.since(start, bytes));
    CHECK_FALSE(sent.since(start, bytes - 1));
}

TEST_CASE("only the last event of a record has its offset", "[emitter]") {
    Backlog sent = backlog();
    const OffsetVector start = sent.now();
    SentEvent first = event(0, 10);
    first.ends_record = false;
    sent.add("t", first);
    CHECK(sent.now() == start);
    sent.add("t", event(0, 10));
    const auto missing = sent.since(start, all);
    REQUIRE(missing->size() == 2);
    CHECK(missing->front().offset.empty());
    CHECK(missing->back().offset == sent.offset());
}

TEST_CASE("who wants some keys only is told how far everything is", "[emitter]") {
    Backlog sent = backlog();
    const OffsetVector start = sent.now();
    const auto add = [&](std::int32_t partition, std::int64_t offset, std::string key) {
        SentEvent of_key = event(partition, offset);
        of_key.key = std::move(key);
        sent.add("t", of_key);
        return sent.offset();
    };
    add(0, 10, "b");
    const std::string first = add(1, 20, "a");
    add(0, 11, "b");
    const std::string second = add(0, 12, "a");
    add(1, 21, "b");
    const KeySet only{"a"};
    const auto missing = sent.since(start, all, &only);
    REQUIRE(offsets(*missing) == std::vector<std::int64_t>{20, 12});
    CHECK(missing->front().offset == first);
    CHECK(missing->back().offset == second);
    const KeySet none;
    CHECK(sent.since(start, 0, &none)->empty());  // and what is left out costs nothing
}

TEST_CASE("a client that moves between replicas gets every event once", "[emitter][random]") {
    auto dice = weir::test::random_engine();
    constexpr int partitions = 4;
    constexpr int records = 400;
    /// A replica: its backlog, and how far it is in each partition.
    struct Replica {
        Backlog sent{{"t"}, 1 << 20};
        std::map<int, std::int64_t> next;
    };
    std::vector<Replica> replicas(3);
    for (Replica& replica : replicas)
        for (int i = 0; i < partitions; ++i)
            replica.sent.begin("t", i, 0);

    std::map<std::pair<int, std::int64_t>, int> got;
    std::size_t at = 0;
    std::string kept = replicas[0].sent.offset();  // as the snapshot told it
    const auto take = [&](const SentEvent& sent, const std::string& offset) {
        ++got[{sent.partition, sent.offset}];
        kept = offset;
    };
    bool connected = true;
    for (int done = 0; done < partitions * records * 3;) {
        Replica& replica = replicas[dice() % replicas.size()];
        const int partition = static_cast<int>(dice() % partitions);
        if (replica.next[partition] < records) {
            const std::int64_t offset = replica.next[partition]++;
            replica.sent.add("t", event(partition, offset));
            if (connected && &replica == &replicas[at])
                take(event(partition, offset), replica.sent.offset());
            ++done;
        }
        if (dice() % 20 == 0) {
            at = dice() % replicas.size();
            connected = false;
        }
        if (connected) continue;
        const Backlog& sent = replicas[at].sent;
        const auto there = sent.now().read(kept);
        REQUIRE(there);
        if (!sent.has_reached(*there)) continue;  // it waits
        connected = true;
        const auto missing = sent.since(*there, all);
        REQUIRE(missing);
        for (const auto& [lost, offset] : *missing) {
            take(*lost, offset);
            if (dice() % 10 == 0) {  // gone again in the middle of it
                connected = false;
                break;
            }
        }
    }
    const Backlog& last = replicas[at].sent;
    const auto missing = last.since(*last.now().read(kept), all);
    REQUIRE(missing);
    for (const auto& [lost, offset] : *missing)
        take(*lost, offset);
    CHECK(got.size() == std::size_t{partitions} * records);
    for (const auto& [where, times] : got) {
        CAPTURE(where.first, where.second);
        CHECK(times == 1);
    }
}
