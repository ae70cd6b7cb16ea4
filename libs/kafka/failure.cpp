// SPDX-License-Identifier: Apache-2.0
#include "kafka/failure.hpp"

#include <librdkafka/rdkafka.h>

namespace weir::kafka {
namespace {

// RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD, which librdkafka has since 2.3.
constexpr int invalid_different_record = -138;

}  // namespace

std::string_view name(Meaning meaning) {
    switch (meaning) {
        case Meaning::retriable: return "retriable";
        case Meaning::needs_abort: return "needs_abort";
        case Meaning::rejected: return "rejected";
        case Meaning::fatal: return "fatal";
    }
    return "?";
}

bool is_fenced(const Failure& failure) {
    return failure.code == RD_KAFKA_RESP_ERR__FENCED ||
           failure.code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
           failure.code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

bool is_missing_topic(const Failure& failure) {
    return failure.code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           failure.code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           failure.code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

Meaning classify(int code) {
    switch (code) {
        // The record itself is refused; the next one may pass.
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_INVALID_MSG:
        case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
        case RD_KAFKA_RESP_ERR__BAD_MSG: return Meaning::rejected;

        // The group gave our partitions to somebody else, or the log no longer has the offset:
        // nothing since the last commit counts.
        case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
        case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
        case RD_KAFKA_RESP_ERR_INVALID_TXN_STATE:
        case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
        case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
        case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
        case RD_KAFKA_RESP_ERR__PURGE_QUEUE: return Meaning::needs_abort;

        // Brokers, coordinators and networks come back.
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__RESOLVE:
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
        case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        case RD_KAFKA_RESP_ERR__WAIT_COORD:
        case RD_KAFKA_RESP_ERR__WAIT_CACHE:
        case RD_KAFKA_RESP_ERR__IN_PROGRESS:
        case RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS:
        case RD_KAFKA_RESP_ERR__QUEUE_FULL:
        case RD_KAFKA_RESP_ERR__ISR_INSUFF:
        case RD_KAFKA_RESP_ERR__RETRY:
        case RD_KAFKA_RESP_ERR__UNKNOWN_BROKER:
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
        case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
        case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
        case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
        case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
        case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
        case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
        case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
        case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
        case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
        case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
        case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED:
        case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
        case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
        // Another record of its batch was refused, and the batch with it.
        case invalid_different_record:
        // A topic that is missing may be created any moment by the one-shot job that does so.
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return Meaning::retriable;

        // Wrong credentials, missing rights, fenced, an older broker, a bug: an operator or a
        // fresh process must help.
        default: return Meaning::fatal;
    }
}

Meaning classify(int code, ErrorFlags flags) {
    if (flags.fatal || code == RD_KAFKA_RESP_ERR__FENCED) return Meaning::fatal;
    if (flags.requires_abort) return Meaning::needs_abort;
    if (flags.retriable) return Meaning::retriable;
    // The transaction before this one is not over yet. Comes without a flag once librdkafka 2.0 has
    // repeated the request as often as it does.
    if (code == RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS) return Meaning::retriable;
    return Meaning::fatal;
}

}  // namespace weir::kafka
