// SPDX-License-Identifier: Apache-2.0
#include "backlog.hpp"

#include <utility>

namespace weir::emitter {

Backlog::Backlog(std::vector<std::string> topics, std::size_t bytes_max)
    : bytes_max_(bytes_max), now_(std::move(topics)), kept_from_(now_) {}

std::size_t Backlog::size_of(const SentEvent& event) {
    return sizeof event + event.key.size() + event.args.size();
}

void Backlog::begin(std::string_view topic, std::int32_t partition, std::int64_t next) {
    const std::size_t place = now_.place(topic);
    now_.set(place, partition, next);
    kept_from_.set(place, partition, next);
    // The log may be another one now, with the same offsets.
    std::erase_if(events_, [&](const SentEvent& event) {
        const bool gone = event.topic == place && event.partition == partition;
        if (gone) bytes_ -= size_of(event);
        return gone;
    });
    ++version_;
}

void Backlog::pass(std::string_view topic, std::int32_t partition, std::int64_t next) {
    const std::size_t place = now_.place(topic);
    if (next <= now_.next(place, partition)) return;
    now_.set(place, partition, next);
    ++version_;
}

void Backlog::add(std::string_view topic, SentEvent event) {
    event.topic = now_.place(topic);
    if (event.ends_record) now_.set(event.topic, event.partition, event.offset + 1);
    ++version_;
    bytes_ += size_of(event);
    events_.push_back(std::move(event));
    while (bytes_ > bytes_max_) {
        const SentEvent& oldest = events_.front();
        kept_from_.set(oldest.topic, oldest.partition, oldest.offset + 1);
        bytes_ -= size_of(oldest);
        events_.pop_front();
    }
}

std::optional<std::vector<Backlog::Resent>> Backlog::since(OffsetVector there,
                                                           std::size_t bytes_max,
                                                           const KeySet* only) const {
    if (!there.covers(kept_from_)) return std::nullopt;
    std::vector<Resent> missing;
    std::size_t bytes = 0;
    for (const SentEvent& event : events_) {
        if (event.offset < there.next(event.topic, event.partition)) continue;
        if (event.ends_record) there.set(event.topic, event.partition, event.offset + 1);
        if (only != nullptr && !only->contains(event.key)) continue;
        missing.push_back({&event, event.ends_record ? there.text() : std::string{}});
        bytes += event.args.size() + missing.back().offset.size();
        if (bytes > bytes_max) return std::nullopt;
    }
    return missing;
}

}  // namespace weir::emitter
