// SPDX-License-Identifier: Apache-2.0
#include "outbox.hpp"

#include <utility>

#include "base/log.hpp"
#include "kafka/dead_letter.hpp"

namespace weir::aggregator {

Outbox::Outbox(const Options& options, Output& output, std::string origin)
    : options_(options), output_(output), origin_(std::move(origin)), writer_(options) {}

void Outbox::result(const kafka::TopicPartition& source, const window::Row& row) {
    ++tally.results;
    const auto headers = writer_.headers(row, source.topic, source.partition, origin_);
    const auto views = headers.views();
    send({.topic = options_.output, .key = row.key, .value = writer_.value(row), .headers = views});
}

void Outbox::late(const kafka::RecordView& record, const window::Verdict& verdict) {
    ++tally.late;
    pass_on(record, options_.late, late_headers(record, verdict, origin_));
}

void Outbox::dead(const kafka::RecordView& record, std::string_view reason) {
    ++tally.dead;
    pass_on(record, options_.dead_letter,
            kafka::dead_letter_headers(record, reason, "extract", origin_));
}

/// The original's bytes under the original's key and time, its headers followed by ours.
void Outbox::pass_on(const kafka::RecordView& record, std::string_view topic,
                     const kafka::HeaderList& headers) {
    auto views = record.headers();
    const auto ours = headers.views();
    views.insert(views.end(), ours.begin(), ours.end());
    send({.topic = topic, .key = record.key, .value = record.value, .headers = views});
}

void Outbox::send(const kafka::OutgoingRecord& record) {
    if (failed()) return;
    if (auto sent = output_.send(record); !sent) fail(sent.error());
}

void Outbox::fail(kafka::Failure failure) {
    if (!failure_) failure_ = std::move(failure);
}

std::optional<kafka::Failure> Outbox::take_failure() { return std::exchange(failure_, {}); }

}  // namespace weir::aggregator
