// SPDX-License-Identifier: Apache-2.0
#include "topic_input.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "kafka/insist.hpp"

namespace weir::aggregator {

using namespace std::chrono_literals;

namespace {

constexpr auto request_timeout = 1000ms;

std::uint64_t distance(Offset from, Offset to) {
    return static_cast<std::uint64_t>(number(to) - number(from));
}

}  // namespace

Result<std::unique_ptr<BoundedInput>> TopicInput::open(const Options& options,
                                                       std::function<bool()> patient) {
    auto consumer = kafka::Consumer::open(
        options.kafka, {.client_id = "aggregator", .group = "", .assignment = {}});
    if (!consumer) return Error{consumer.error().message};
    std::unique_ptr<TopicInput> input(
        new TopicInput(options, std::move(*consumer), std::move(patient)));
    if (auto found = input->find_spans(); !found) return found.error();
    return std::unique_ptr<BoundedInput>(std::move(input));
}

TopicInput::TopicInput(const Options& options, kafka::Consumer consumer,
                       std::function<bool()> patient)
    : options_(options),
      consumer_(std::move(consumer)),
      patient_(std::move(patient)),
      reader_(consumer_) {}

Result<void> TopicInput::find_spans() {
    const auto count = kafka::insist(
        [&] { return consumer_.partition_count(options_.input, request_timeout); }, patient_);
    if (!count) return Error{count.error().message};
    if (*count == 0) return Error{fmt::format("--input: there is no topic {}", options_.input)};
    for (const auto& [partition, offset] : options_.from.offsets)
        if (number(partition) < 0 || number(partition) >= *count)
            return Error{fmt::format("--from: expected partitions 0 to {} of {}, got {}",
                                     *count - 1, options_.input, number(partition))};
    for (int i = 0; i < *count; ++i) {
        auto span = span_of({options_.input, Partition{i}});
        if (!span) return span.error();
        total_ += distance(span->from, span->end);
        spans_.push_back(std::move(*span));
    }
    return {};
}

Result<TopicInput::Span> TopicInput::span_of(const kafka::TopicPartition& where) {
    const auto log =
        kafka::insist([&] { return consumer_.query_watermarks(where, request_timeout); }, patient_);
    if (!log) return Error{log.error().message};
    Offset from = log->low;
    if (options_.from.time) {
        const auto time = std::chrono::ceil<std::chrono::milliseconds>(*options_.from.time);
        const auto found = kafka::insist(
            [&] {
                return consumer_.offsets_for_times(std::span(&where, 1), time, request_timeout);
            },
            patient_);
        if (!found) return Error{found.error().message};
        // What came after the end was asked for is beyond it.
        from = std::clamp(found->front().offset, log->low, log->high);
    } else if (const auto named = options_.from.offsets.find(where.partition);
               named != options_.from.offsets.end()) {
        from = named->second;
        if (from < log->low || from > log->high)
            return Error{fmt::format("--from: expected offsets {} to {} of partition {}, got {}",
                                     number(log->low), number(log->high), number(where.partition),
                                     number(from))};
    }
    return Span{where, from, log->high};
}

Result<std::optional<BoundedInput::Stream>> TopicInput::next_stream() {
    if (current_ != nullptr) done_ += distance(current_->from, current_->end);
    current_ = nullptr;
    while (following_ < spans_.size() && spans_[following_].from == spans_[following_].end)
        ++following_;
    if (following_ == spans_.size()) return std::optional<Stream>{};
    current_ = &spans_[following_++];
    if (auto started = reader_.start(current_->where, current_->from, current_->end); !started)
        return Error{started.error().message};
    return std::optional(Stream{current_->where, current_->from});
}

Result<BoundedInput::Batch> TopicInput::read() {
    const auto batch = reader_.read();
    if (!batch) return Error{batch.error().message};
    return Batch{batch->records, batch->last};
}

Measure TopicInput::measure() const {
    return {done_ + (current_ != nullptr ? distance(current_->from, reader_.next()) : 0), total_};
}

std::string TopicInput::place(const kafka::RecordView& record) const {
    return fmt::format("{}/{}:{}", record.topic, number(record.partition), number(record.offset));
}

}  // namespace weir::aggregator
