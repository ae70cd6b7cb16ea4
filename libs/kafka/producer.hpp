// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "kafka/failure.hpp"
#include "kafka/options.hpp"
#include "kafka/record.hpp"

struct rd_kafka_s;

namespace weir::kafka {

/// A record to be sent. Nothing is kept: send() copies.
struct OutgoingRecord {
    std::string_view topic;
    std::string_view key;    ///< data() nullptr: no key, any partition
    std::string_view value;  ///< data() nullptr: a tombstone
    std::span<const Header> headers{};
    std::int64_t timestamp_ms = 0;         ///< 0: now
    std::optional<Partition> partition{};  ///< empty: by the key's murmur2, as Java clients do
    std::uint64_t token = 0;               ///< handed back in the Delivery
};

/// The answer to one accepted record.
struct Delivery {
    std::uint64_t token = 0;
    bool delivered = false;
    Partition partition{};  ///< when delivered
    Offset offset{};        ///< when delivered
    /// When not delivered. A record that timed out may be in the log all the same: "unknown".
    const Failure* failure = nullptr;
    /// What was sent. Lives during the call of the handler only.
    std::string_view key{};
    std::string_view value{};
    // When not delivered, the rest of what send() needs to send it again; its time librdkafka does
    // not give back.
    std::string_view topic{};
    std::span<const Header> headers{};
};

enum class SendError {
    queue_full,  ///< too much is unanswered: poll(), then send again
    too_large,   ///< never retry: dead-letter it
    refused,     ///< the client or its transaction has failed: see Producer::fatal(), abort()
};

struct ProducerSettings {
    std::string client_id = "weir";
    std::string transactional_id;  ///< empty: no transactions
    /// How long a record may wait for its answer. 0: for ever, for what must not be lost.
    std::chrono::milliseconds message_timeout{0};
    /// How long a record may wait for company. Small: latency; large: fewer, fuller requests.
    std::chrono::milliseconds linger{5};
    std::size_t queue_records_max = 100'000;
    Bytes queue_bytes_max{64ULL << 20};
    /// Topics it will write to, asked for while connecting: librdkafka takes up to a second to ask
    /// for a topic that is first named later.
    std::vector<std::string> topics{};
    /// How long a transaction may stay open before the broker aborts it (transactional only).
    std::chrono::milliseconds transaction_timeout{10'000};
};

/// Sends records to Kafka, idempotently and with acks=all, and reports the fate of each.
///
/// Problem: a record handed to librdkafka is not stored yet; a service that releases its input
/// before the broker answers loses data in a crash. So each accepted record is answered exactly
/// once, through the DeliveryHandler, and only that answer may release the input.
///
/// Ordering: records with one key arrive in the order sent, whatever is retried.
/// Threads:  send() from any thread. The handler runs only inside poll(), flush() and close(), in
///           the thread that called; those three are called by one thread at a time.
/// Lifetime: close() answers everything; a producer destroyed without it drops what is unanswered
///           without an answer.
/// Limits:   holds at most queue_records_max records and queue_bytes_max bytes unanswered.
class Producer {
public:
    using DeliveryHandler = std::function<void(const Delivery&)>;

    /// Touches no network before it returns. Errors: fatal, naming the property at fault.
    static Outcome<Producer> open(const Options& options, const ProducerSettings& settings,
                                  DeliveryHandler handler = {});
    Producer(Producer&&) noexcept;
    Producer& operator=(Producer&&) noexcept;
    ~Producer();

    /// Queues a copy of `record`. Never blocks.
    [[nodiscard]] Result<void, SendError> send(const OutgoingRecord& record);

    /// Runs the handlers that are due, waiting at most `timeout` for the first. Returns how many
    /// events (answers and others) were served.
    int poll(std::chrono::milliseconds timeout);

    /// Sends without lingering and polls until everything is answered or `timeout` has passed.
    /// True when nothing is left unanswered.
    bool flush(std::chrono::milliseconds timeout);

    /// flush(), then answers what is left as failed (needs_abort: "unknown"). Idempotent.
    void close(std::chrono::milliseconds timeout);

    /// Records accepted and not answered yet.
    [[nodiscard]] std::size_t queue_depth() const;
    /// False from the moment no broker can be reached until one can again.
    [[nodiscard]] bool reachable() const;
    /// Set once the client can do nothing more; the service exits and is started again.
    [[nodiscard]] std::optional<Failure> fatal() const;

private:
    friend class Transactions;
    struct State;
    explicit Producer(std::unique_ptr<State> state);
    [[nodiscard]] rd_kafka_s* native() const;

    std::unique_ptr<State> state_;
};

}  // namespace weir::kafka
