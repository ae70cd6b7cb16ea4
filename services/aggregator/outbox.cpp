// SPDX-License-Identifier: Apache-2.0
#include "outbox.hpp"

#include <utility>
#include <vector>

#include "kafka/dead_letter.hpp"
#include "kafka/headers.hpp"

namespace weir::aggregator {

Outbox::Outbox(const Options& options, Outlet& outlet, std::string origin)
    : options_(options),
      outlet_(outlet),
      origin_(std::move(origin)),
      writer_(options),
      status_writer_(options) {}

void Outbox::result(const kafka::TopicPartition& source, const window::Row& row) {
    ++tally.results;
    if (row.revision > 0) ++tally.revisions;
    if (!row.complete) ++tally.incomplete;
    const auto headers = writer_.headers(row, source.topic, source.partition, origin_);
    const auto views = headers.views();
    if (failed()) return;
    auto sent = outlet_.send({.topic = options_.output,
                              .key = writer_.key(row),
                              .value = writer_.value(row),
                              .headers = views});
    if (!sent) fail(sent.error());
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

/// Beside the readings it follows from: the status of a partition's keys is in the partition of the
/// same number.
void Outbox::status(const kafka::TopicPartition& source, const StatusRecord& record) {
    switch (record.status) {
        case Status::present: ++tally.present; break;
        case Status::missing: ++tally.missing; break;
        case Status::back: ++tally.back; break;
    }
    if (failed()) return;
    const auto headers = StatusWriter::headers(record, source.topic, source.partition, origin_);
    const auto views = headers.views();
    auto sent = outlet_.send({.topic = options_.status,
                              .key = status_writer_.key(record),
                              .value = status_writer_.value(record),
                              .headers = views,
                              .partition = source.partition});
    if (!sent) fail(sent.error());
}

/// The original's bytes under the original's key, its headers followed by ours. A record so large
/// that our headers make it too large is cut: it would come again for ever, and the whole of it is
/// where the headers say. Only a bounded run has no topic for them: there they are counted.
void Outbox::pass_on(const kafka::RecordView& record, std::string_view topic,
                     kafka::HeaderList headers) {
    if (failed() || topic.empty()) return;
    const auto send = [&](std::string_view key, std::string_view value,
                          std::vector<kafka::Header> views) {
        const auto ours = headers.views();
        views.insert(views.end(), ours.begin(), ours.end());
        return outlet_.send({.topic = topic, .key = key, .value = value, .headers = views});
    };
    auto sent = send(record.key, record.value, record.headers());
    if (!sent && sent.error().meaning == kafka::Meaning::rejected) {
        constexpr std::size_t cut_bytes = 1024;
        headers.add(kafka::header::original_bytes, static_cast<std::int64_t>(record.value.size()));
        sent = send(record.key.substr(0, cut_bytes), record.value.substr(0, cut_bytes), {});
    }
    if (!sent) fail(sent.error());
}

void Outbox::fail(kafka::Failure failure) {
    if (!failure_) failure_ = std::move(failure);
}

std::optional<kafka::Failure> Outbox::take_failure() { return std::exchange(failure_, {}); }

}  // namespace weir::aggregator
