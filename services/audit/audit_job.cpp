// SPDX-License-Identifier: Apache-2.0
#include "audit_job.hpp"

#include <fmt/format.h>

#include "base/units.hpp"
#include "partition_audit.hpp"
#include "range.hpp"
#include "row_reading.hpp"
#include "topics.hpp"

namespace weir::audit {
namespace {

class Job {
public:
    Job(const Options& options, Topics topics)
        : options_(options),
          topics_(std::move(topics)),
          reader_(options),
          findings_(options.examples) {}

    Result<bool> run();

private:
    Result<void> plan();
    Result<void> load_rows();
    Result<void> load_originals(const std::vector<Extent>& extents, Originals Evidence::*where,
                                bool late);
    Result<void> audit_partition(Evidence evidence);
    [[nodiscard]] Evidence* of(std::string_view topic, Partition partition);
    [[nodiscard]] Result<void> check_memory(std::uint64_t bytes, std::string_view doing) const;
    void print() const;
    [[nodiscard]] Result<bool> verdict() const;

    const Options& options_;
    Topics topics_;
    aggregation::Reader reader_;
    Findings findings_;
    std::vector<Extent> output_, late_, dead_;
    std::vector<Evidence> evidence_;  ///< by partition
    std::vector<Counts> counts_;
    std::vector<std::string> notes_;
    std::uint64_t loaded_bytes_ = 0;
};

Result<bool> Job::run() {
    if (auto planned = plan(); !planned) return planned.error();
    if (auto loaded = load_rows(); !loaded) return loaded.error();
    if (auto loaded = load_originals(late_, &Evidence::late, true); !loaded) return loaded.error();
    if (auto loaded = load_originals(dead_, &Evidence::dead, false); !loaded) return loaded.error();
    for (Evidence& evidence : evidence_) {
        evidence.rows.sort();
        evidence.late.sort();
        evidence.dead.sort();
    }
    for (Evidence& evidence : evidence_)
        if (auto audited = audit_partition(std::move(evidence)); !audited) return audited.error();
    topics_.report_follows();
    print();
    return verdict();
}

/// What is read: the range of the input first, and only then the ends of what was written, so that
/// everything is there that was committed with the range.
Result<void> Job::plan() {
    auto ranges = find_ranges(options_, topics_);
    if (!ranges) return ranges.error();
    for (Range& range : *ranges) {
        topics_.expect({{range.where, range.begin, range.end}});
        if (!range.note.empty()) notes_.push_back(std::move(range.note));
        Evidence evidence{.partition = range.where.partition,
                          .begin = range.begin,
                          .end = range.end,
                          .log_is_cut = range.log_is_cut,
                          .all_closed = options_.until.kind == Until::Kind::end};
        evidence.checkpoint = std::move(range.checkpoint);
        evidence_.push_back(std::move(evidence));
    }
    const std::pair<const std::string*, std::vector<Extent>*> written[] = {
        {&options_.output, &output_}, {&options_.late, &late_}, {&options_.dead_letter, &dead_}};
    for (const auto& [topic, extents] : written) {
        auto found = topics_.extents(*topic);
        if (!found) return found.error();
        *extents = std::move(*found);
        topics_.expect(*extents);
    }
    return {};
}

Evidence* Job::of(std::string_view topic, Partition partition) {
    const auto index = static_cast<std::size_t>(number(partition));
    return topic == options_.input && index < evidence_.size() ? &evidence_[index] : nullptr;
}

Result<void> Job::check_memory(std::uint64_t bytes, std::string_view doing) const {
    if (bytes <= options_.memory_max.count) return {};
    return Error{fmt::format(
        "{} needs more than --memory-max {}; allow more, or audit less at a time with --from and "
        "--until",
        doing, format_bytes(options_.memory_max))};
}

Result<void> Job::load_rows() {
    for (const Extent& extent : output_) {
        auto read = topics_.read(extent, [&](const kafka::RecordView& record) -> Result<void> {
            auto row = read_row(record);
            if (!row) return row.error();
            Evidence* const evidence = of(row->source.topic, row->source.partition);
            if (evidence == nullptr) return {};
            // Of what lies outside the range nothing is judged but that it is of a window in it.
            loaded_bytes_ -= evidence->rows.bytes();
            evidence->rows.add(std::move(*row));
            loaded_bytes_ += evidence->rows.bytes();
            return check_memory(loaded_bytes_, "holding the rows of " + options_.output);
        });
        if (!read) return read;
    }
    return {};
}

Result<void> Job::load_originals(const std::vector<Extent>& extents, Originals Evidence::*where,
                                 bool late) {
    for (const Extent& extent : extents) {
        auto read = topics_.read(extent, [&](const kafka::RecordView& record) -> Result<void> {
            auto original = read_original(record, late);
            if (!original) return original.error();
            if (!*original) return {};
            Evidence* const evidence = of((*original)->input, (*original)->partition);
            const Offset offset = (*original)->original.offset;
            if (evidence == nullptr || offset < evidence->begin || offset >= evidence->end)
                return {};
            Originals& originals = evidence->*where;
            loaded_bytes_ -= originals.bytes();
            originals.add((*original)->original);
            loaded_bytes_ += originals.bytes();
            return check_memory(loaded_bytes_, fmt::format("holding what {} names", record.topic));
        });
        if (!read) return read;
    }
    return {};
}

Result<void> Job::audit_partition(Evidence evidence) {
    const Extent range{{options_.input, evidence.partition}, evidence.begin, evidence.end};
    const bool is_cut = evidence.log_is_cut;
    PartitionAudit audit(options_, reader_, std::move(evidence), findings_);
    const std::uint64_t others = loaded_bytes_ - audit.bytes();
    if (audit.wants_foresight()) {
        topics_.expect({range});
        auto foreseen = topics_.read(range, [&](const kafka::RecordView& record) -> Result<void> {
            audit.foresee(record.offset, record.timestamp_ms, record.value);
            return {};
        });
        if (!foreseen) return foreseen;
    }
    auto read = topics_.read(range, [&](const kafka::RecordView& record) {
        audit.take(record.offset, record.timestamp_ms, record.key, record.value);
        return check_memory(others + audit.bytes(), "holding the readings of open windows");
    });
    if (!read) return read;
    loaded_bytes_ = others;
    counts_.push_back(audit.finish());
    if (const std::uint64_t outside = counts_.back().outside; outside > 0 && is_cut)
        notes_.push_back(fmt::format(
            "partition {}: {} rows of what lies outside the range, or of windows that may hold "
            "records from before it, are not judged",
            number(range.where.partition), outside));
    return {};
}

void Job::print() const {
    for (const std::string& example : findings_.examples())
        fmt::print("{}\n", example);
    if (findings_.faults() > findings_.examples().size())
        fmt::print("and {} more\n", findings_.faults() - findings_.examples().size());
    for (const std::string& note : notes_)
        fmt::print("note: {}\n", note);
    fmt::print("{}", table(counts_));
}

/// What is missing may have been there, where a log has lost its beginning.
Result<bool> Job::verdict() const {
    Counts all;
    for (const Counts& counts : counts_)
        all += counts;
    std::string cut;
    for (const auto* extents : {&output_, &late_, &dead_})
        for (const Extent& extent : *extents)
            if (extent.begin > Offset{0} && cut.empty())
                cut = fmt::format("partition {} of {} begins at {}", number(extent.where.partition),
                                  extent.where.topic, number(extent.begin));
    const bool only_missing = all.missing > 0 && all.duplicate + all.wrong == 0;
    if (only_missing && !cut.empty())
        return Error{
            fmt::format("{} rows or records are missing, and {}: what is missing may have "
                        "been there before retention took it; begin later, with --from",
                        all.missing, cut)};
    fmt::print("{}\n", all.balanced() ? "balanced" : "NOT BALANCED");
    return all.balanced();
}

}  // namespace

Result<bool> run_audit(const Options& options) {
    auto topics = Topics::open(options.kafka, options.stall_timeout);
    if (!topics) return topics.error();
    return Job(options, std::move(*topics)).run();
}

}  // namespace weir::audit
