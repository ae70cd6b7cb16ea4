// SPDX-License-Identifier: Apache-2.0
#include "kafka/range_reader.hpp"

#include "base/log.hpp"

namespace weir::kafka {
namespace {

/// How long records are waited for before the caller is asked whether to go on.
constexpr std::chrono::milliseconds poll_wait{100};

}  // namespace

Outcome<void> RangeReader::start(const TopicPartition& where, Offset from, Offset end) {
    where_ = where;
    next_ = from;
    end_ = end;
    const std::vector<Position> positions{{where, from, {}}};
    return consumer_->start(positions);
}

Outcome<RangeReader::Batch> RangeReader::read() {
    records_.clear();
    Batch batch{.records = {}, .last = next_ >= end_};
    if (batch.last) return batch;
    for (const Event& event : consumer_->poll(poll_wait)) {
        if (event.kind == Event::Kind::failed) {
            if (event.failure->meaning != Meaning::retriable) return *event.failure;
            log::debug("reading again", {{"reason", event.failure->message}});
        } else if (event.record.partition == where_.partition &&
                   event.record.topic == where_.topic) {
            batch.last = event.record.offset >= end_;
            if (batch.last) break;
            next_ = event.record.offset;
            if (event.kind == Event::Kind::end) continue;
            records_.push_back(event.record);
            next_ = weir::next(event.record.offset);
            batch.last = next_ >= end_;
            if (batch.last) break;
        }
    }
    if (batch.last) next_ = end_;
    if (const auto failure = consumer_->fatal()) return *failure;
    batch.records = records_;
    return batch;
}

}  // namespace weir::kafka
