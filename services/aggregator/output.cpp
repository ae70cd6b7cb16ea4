// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"

namespace weir::aggregator {

using namespace std::chrono_literals;
using kafka::Failure;
using kafka::Meaning;

namespace {

/// Waits in steps of this, so that patience is asked in between.
constexpr auto step = 100ms;

}  // namespace

kafka::Outcome<Output> Output::open(const Options& options, const std::string& transactional_id,
                                    std::function<bool()> patience) {
    Output output(options, transactional_id, std::move(patience));
    if (auto opened = output.open_producer(); !opened) return opened.error();
    return output;
}

Output::Output(const Options& options, std::string transactional_id, std::function<bool()> patience)
    : options_(options),
      transactional_id_(std::move(transactional_id)),
      lost_(std::make_shared<std::optional<Failure>>()),
      patience_(std::move(patience)) {}

kafka::Outcome<void> Output::open_producer() {
    transactions_.reset();
    producer_.reset();
    std::vector<std::string> topics{options_.output, options_.late, options_.dead_letter,
                                    options_.status};
    std::erase(topics, "");
    auto producer = kafka::Producer::open(options_.kafka,
                                          {.client_id = "aggregator",
                                           .transactional_id = transactional_id_,
                                           .topics = std::move(topics)},
                                          [lost = lost_](const kafka::Delivery& delivery) {
                                              if (delivery.delivered) return;
                                              // What will never be accepted says more.
                                              if (!*lost || (*lost)->meaning == Meaning::retriable)
                                                  *lost = *delivery.failure;
                                          });
    if (!producer) return producer.error();
    producer_ = std::make_unique<kafka::Producer>(std::move(*producer));
    if (!transactional_id_.empty()) transactions_.emplace(*producer_, patience_);
    return {};
}

kafka::Outcome<void> Output::init() {
    if (transactions_) return transactions_->init();
    return {};
}

kafka::Outcome<void> Output::send(const kafka::OutgoingRecord& record) {
    if (transactions_ && !transactions_->open())
        if (auto begun = transactions_->begin(); !begun) return begun;
    while (true) {
        const auto sent = producer_->send(record);
        if (sent) {
            ++pending_;
            return {};
        }
        if (sent.error() == kafka::SendError::too_large)
            return Failure{Meaning::rejected, 0,
                           fmt::format("writing to topic {}: the record is larger than the client "
                                       "allows, see --kafka message.max.bytes",
                                       record.topic)};
        if (sent.error() == kafka::SendError::refused)
            return Failure{
                Meaning::needs_abort, 0,
                fmt::format("writing to topic {}: the client refused the record", record.topic)};
        producer_->poll(step);
        if (!patience_())
            return Failure{Meaning::fatal, 0, "stopped while the producer's queue was full"};
    }
}

kafka::Outcome<void> Output::commit(std::span<const kafka::Position> positions,
                                    kafka::Consumer& consumer) {
    auto outcome = transactions_ ? commit_transaction(positions, consumer)
                                 : commit_plainly(positions, consumer);
    if (outcome) pending_ = 0;
    return outcome;
}

kafka::Outcome<void> Output::commit_transaction(std::span<const kafka::Position> positions,
                                                kafka::Consumer& consumer) {
    if (!transactions_->open())
        if (auto begun = transactions_->begin(); !begun) return begun;
    if (auto sent = transactions_->send_offsets(positions, consumer); !sent) return sent;
    return transactions_->commit();
}

kafka::Outcome<void> Output::commit_plainly(std::span<const kafka::Position> positions,
                                            kafka::Consumer& consumer) {
    if (auto answered = settle(); !answered) return answered;
    while (true) {
        auto outcome = consumer.commit(positions);
        if (outcome || outcome.error().meaning != Meaning::retriable) return outcome;
        if (!patience_()) return Failure{Meaning::fatal, 0, outcome.error().message};
    }
}

kafka::Outcome<void> Output::settle() {
    while (!producer_->flush(step))
        if (!patience_())
            return Failure{Meaning::fatal, 0, "stopped while records were unanswered"};
    if (!*lost_) return {};
    Failure failure = **lost_;
    // A record that will never be accepted is not written by doing everything again.
    if (failure.meaning != Meaning::fatal && failure.meaning != Meaning::rejected)
        failure.meaning = Meaning::needs_abort;
    else
        failure.meaning = Meaning::fatal;
    return failure;
}

/// A transaction the brokers never heard of, because they went away under it, cannot be aborted:
/// they answer INVALID_TXN_STATE, and librdkafka gives the producer up. A new one under the same id
/// ends whatever is left and goes on; unless somebody else has taken the id.
kafka::Outcome<void> Output::abort_transaction() {
    if (!patience_())
        return Failure{Meaning::fatal, 0, "no time is left to abort; the brokers will in a while"};
    auto aborted = transactions_->abort();
    if (aborted || aborted.error().meaning != Meaning::fatal ||
        kafka::is_fenced(aborted.error()) || !patience_())
        return aborted;
    log::warn("the producer is replaced", {{"reason", aborted.error().message}});
    if (auto opened = open_producer(); !opened) return opened;
    return init();
}

kafka::Outcome<void> Output::abort() {
    pending_ = 0;
    if (transactions_) return transactions_->open() ? abort_transaction() : kafka::Outcome<void>{};
    while (!producer_->flush(step))
        if (!patience_())
            return Failure{Meaning::fatal, 0, "stopped while records were unanswered"};
    lost_->reset();
    return {};
}

}  // namespace weir::aggregator
