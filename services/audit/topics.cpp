// SPDX-License-Identifier: Apache-2.0
#include "topics.hpp"

#include <fmt/format.h>

#include "base/units.hpp"
#include "kafka/insist.hpp"

namespace weir::audit {
namespace {

using Clock = std::chrono::steady_clock;

/// Of one question, which is asked again while brokers are not ready for it.
constexpr std::chrono::milliseconds request_timeout{2000};

std::uint64_t length(Offset from, Offset to) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(number(to) - number(from), 0));
}

}  // namespace

Result<Topics> Topics::open(const kafka::Options& options,
                            std::chrono::milliseconds stall_timeout) {
    const auto consumer = [&](kafka::Isolation isolation) {
        return kafka::Consumer::open(options,
                                     {.client_id = "audit", .group = "", .isolation = isolation});
    };
    auto committed = consumer(kafka::Isolation::read_committed);
    if (!committed) return Error{committed.error().message};
    auto all = consumer(kafka::Isolation::read_uncommitted);
    if (!all) return Error{all.error().message};
    return Topics(std::move(*committed), std::move(*all), stall_timeout);
}

Topics::Topics(kafka::Consumer committed, kafka::Consumer all,
               std::chrono::milliseconds stall_timeout)
    : committed_(std::move(committed)),
      all_(std::move(all)),
      stall_timeout_(stall_timeout),
      progress_(Clock::now()) {}

template <typename Ask>
auto Topics::insist(Ask ask) const {
    const auto deadline = Clock::now() + stall_timeout_;
    return kafka::insist(ask, [&] { return Clock::now() < deadline; });
}

Result<std::vector<Extent>> Topics::extents(const std::string& topic) {
    const auto count = insist([&] { return all_.partition_count(topic, request_timeout); });
    if (!count) return Error{count.error().message};
    if (*count == 0) return Error{"there is no topic " + topic};
    std::vector<Extent> extents;
    for (int i = 0; i < *count; ++i) {
        const kafka::TopicPartition where{topic, Partition{i}};
        const auto log = insist([&] { return all_.query_watermarks(where, request_timeout); });
        if (!log) return Error{log.error().message};
        extents.push_back({where, log->low, log->high});
    }
    return extents;
}

Result<std::vector<std::optional<kafka::Position>>> Topics::committed(
    const kafka::Options& options, const std::string& group, const std::vector<Extent>& extents) {
    auto member = kafka::Consumer::open(options, {.client_id = "audit", .group = group});
    if (!member) return Error{member.error().message};
    std::vector<kafka::TopicPartition> partitions;
    for (const Extent& extent : extents)
        partitions.push_back(extent.where);
    auto found = insist([&] { return member->committed(partitions, request_timeout); });
    if (!found) return Error{found.error().message};
    return std::move(*found);
}

Result<Offset> Topics::first_since(const kafka::TopicPartition& where, EventTime time) {
    const auto at = std::chrono::ceil<std::chrono::milliseconds>(time);
    const auto found =
        insist([&] { return all_.offsets_for_times(std::span(&where, 1), at, request_timeout); });
    if (!found) return Error{found.error().message};
    return found->front().offset;
}

void Topics::expect(const std::vector<Extent>& extents) {
    for (const Extent& extent : extents)
        measure_.total += length(extent.begin, extent.end);
}

Result<void> Topics::read(const Extent& extent, const Handler& handler) {
    if (extent.begin >= extent.end) return {};
    kafka::RangeReader reader(committed_);
    if (auto started = reader.start(extent.where, extent.begin, extent.end); !started)
        return Error{started.error().message};
    const std::uint64_t done_before = measure_.done;
    auto came_on = Clock::now();
    for (Offset reached = extent.begin;; reached = reader.next()) {
        const auto batch = reader.read();
        if (!batch)
            return Error{fmt::format("reading partition {} of {}: {}",
                                     number(extent.where.partition), extent.where.topic,
                                     batch.error().message)};
        for (const kafka::RecordView& record : batch->records)
            if (auto taken = handler(record); !taken) return taken;
        records_ += batch->records.size();
        measure_.done = done_before + length(extent.begin, reader.next());
        const auto now = Clock::now();
        if (progress_.due(now)) progress_.show(measure_, records_, now);
        if (batch->last) return {};
        if (reader.next() != reached) came_on = now;
        if (now - came_on > stall_timeout_)
            return Error{fmt::format(
                "nothing came for {}: partition {} of {} stands at offset {} and ends at {}; a "
                "transaction that has not ended may hold the rest back",
                format_duration(stall_timeout_), number(extent.where.partition), extent.where.topic,
                number(reader.next()), number(extent.end))};
    }
}

}  // namespace weir::audit
