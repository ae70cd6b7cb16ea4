// SPDX-License-Identifier: Apache-2.0
// Goal: every failure of Kafka has one meaning, and it is the one a caller can act on.
// Method: a table of codes by their names, resolved against librdkafka's own list.
#include "kafka/failure.hpp"

#include <map>
#include <string>

#include "catch.hpp"

using namespace weir::kafka;

namespace {

// Codes as the Kafka protocol numbers them; negative ones are librdkafka's own (rdkafka.h).
const std::map<int, Meaning> table{
    {-195, Meaning::retriable},    // _TRANSPORT
    {-193, Meaning::retriable},    // _RESOLVE
    {-192, Meaning::retriable},    // _MSG_TIMED_OUT
    {-188, Meaning::retriable},    // _UNKNOWN_TOPIC: it may be created any moment
    {-187, Meaning::retriable},    // _ALL_BROKERS_DOWN
    {-185, Meaning::retriable},    // _TIMED_OUT
    {-138, Meaning::retriable},    // _INVALID_DIFFERENT_RECORD: of the same batch
    {3, Meaning::retriable},       // UNKNOWN_TOPIC_OR_PART
    {5, Meaning::retriable},       // LEADER_NOT_AVAILABLE
    {6, Meaning::retriable},       // NOT_LEADER_FOR_PARTITION
    {14, Meaning::retriable},      // COORDINATOR_LOAD_IN_PROGRESS
    {16, Meaning::retriable},      // NOT_COORDINATOR
    {19, Meaning::retriable},      // NOT_ENOUGH_REPLICAS
    {51, Meaning::retriable},      // CONCURRENT_TRANSACTIONS
    {88, Meaning::retriable},      // UNSTABLE_OFFSET_COMMIT
    {1, Meaning::needs_abort},     // OFFSET_OUT_OF_RANGE
    {22, Meaning::needs_abort},    // ILLEGAL_GENERATION
    {25, Meaning::needs_abort},    // UNKNOWN_MEMBER_ID
    {27, Meaning::needs_abort},    // REBALANCE_IN_PROGRESS
    {48, Meaning::needs_abort},    // INVALID_TXN_STATE
    {-140, Meaning::needs_abort},  // _AUTO_OFFSET_RESET
    {-142, Meaning::needs_abort},  // _ASSIGNMENT_LOST
    {-147, Meaning::needs_abort},  // _MAX_POLL_EXCEEDED
    {-151, Meaning::needs_abort},  // _PURGE_INFLIGHT
    {10, Meaning::rejected},       // MSG_SIZE_TOO_LARGE
    {18, Meaning::rejected},       // RECORD_LIST_TOO_LARGE
    {32, Meaning::rejected},       // INVALID_TIMESTAMP
    {87, Meaning::rejected},       // INVALID_RECORD
    {-150, Meaning::fatal},        // _FATAL
    {-144, Meaning::fatal},        // _FENCED
    {-169, Meaning::fatal},        // _AUTHENTICATION
    {29, Meaning::fatal},          // TOPIC_AUTHORIZATION_FAILED
    {45, Meaning::fatal},          // OUT_OF_ORDER_SEQUENCE_NUMBER
    {47, Meaning::fatal},          // INVALID_PRODUCER_EPOCH
    {82, Meaning::fatal},          // FENCED_INSTANCE_ID
    {-172, Meaning::fatal},        // _STATE: a bug of ours
    {31337, Meaning::fatal},       // unknown
};

}  // namespace

TEST_CASE("a code outside transactions has the meaning of the table", "[kafka]") {
    for (const auto& [code, meaning] : table) {
        INFO("code " << code);
        CHECK(name(classify(code)) == name(meaning));
    }
}

TEST_CASE("in transactions the flags decide, and what has none is mostly fatal", "[kafka]") {
    constexpr int timed_out = -185;
    CHECK(classify(timed_out, {.retriable = true}) == Meaning::retriable);
    CHECK(classify(timed_out, {.requires_abort = true, .retriable = true}) == Meaning::needs_abort);
    CHECK(classify(timed_out, {.fatal = true, .requires_abort = true}) == Meaning::fatal);
    CHECK(classify(timed_out, {}) == Meaning::fatal);
    constexpr int concurrent_transactions = 51;
    CHECK(classify(concurrent_transactions, {}) == Meaning::retriable);
    CHECK(classify(concurrent_transactions, {.requires_abort = true}) == Meaning::needs_abort);
    constexpr int fenced = -144;
    CHECK(classify(fenced, {.requires_abort = true}) == Meaning::fatal);
}

TEST_CASE("a topic that is missing is told from others that may come back", "[kafka]") {
    for (const int code : {3, -188, -190}) {
        CHECK(is_missing_topic({classify(code), code, {}}));
        CHECK(classify(code) == Meaning::retriable);
    }
    for (const int code : {-138, 6, -195, 10})
        CHECK_FALSE(is_missing_topic({classify(code), code, {}}));
}
