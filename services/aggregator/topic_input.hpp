// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "bounded_input.hpp"
#include "kafka/consumer.hpp"
#include "kafka/range_reader.hpp"
#include "options.hpp"

namespace weir::aggregator {

/// A topic from --from to the end it had when the run began, partition after partition: so only one
/// partition's windows are held, and results come in the same order each time. The end is the last
/// stable offset; what a transaction upstream may still commit is beyond it.
class TopicInput final : public BoundedInput {
public:
    /// Asks the brokers for the partitions and their ends, waiting while `patient`. Errors: no such
    /// topic, no patience left, an offset of --from that the log does not have.
    static Result<std::unique_ptr<BoundedInput>> open(const Options& options,
                                                      std::function<bool()> patient);

    Result<std::optional<Stream>> next_stream() override;
    Result<Batch> read() override;
    [[nodiscard]] Measure measure() const override;
    [[nodiscard]] std::string place(const kafka::RecordView& record) const override;

private:
    struct Span {
        kafka::TopicPartition where;
        Offset from{};
        Offset end{};
    };

    TopicInput(const Options& options, kafka::Consumer consumer, std::function<bool()> patient);

    Result<void> find_spans();
    Result<Span> span_of(const kafka::TopicPartition& where);

    const Options& options_;
    kafka::Consumer consumer_;
    std::function<bool()> patient_;
    kafka::RangeReader reader_;
    std::vector<Span> spans_;
    const Span* current_ = nullptr;
    std::size_t following_ = 0;  ///< the span after the current one
    std::uint64_t done_ = 0;     ///< of the spans before the current one
    std::uint64_t total_ = 0;
};

}  // namespace weir::aggregator
