// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aggregation/reading.hpp"
#include "aggregation/rules.hpp"
#include "findings.hpp"
#include "originals.hpp"
#include "quiet_closes.hpp"
#include "values.hpp"
#include "watermark.hpp"
#include "windows.hpp"
#include "written_rows.hpp"

namespace weir::audit {

/// What there is of one partition of the input beside its records.
struct Evidence {
    Partition partition{};
    Offset begin{};  ///< the range that is audited
    Offset end{};
    bool log_is_cut = false;  ///< records were there before `begin`
    bool all_closed = false;  ///< the run closed every window at `end`
    /// Of a commit at or beyond `end`.
    std::optional<window::Checkpoint> checkpoint;
    WrittenRows rows;
    Originals late;
    Originals dead;
};

/// Audits one partition: every record has the fate that the topics say it has, and could have had
/// it, and every row follows from the records that were used, once.
///
/// Where the range begins in the middle of the log, windows that may hold records from before it
/// are left out.
///
/// Threads: one.
class PartitionAudit {
public:
    /// `rules`, `reader` (of these rules) and `findings` outlive it.
    PartitionAudit(const aggregation::Rules& rules, aggregation::Reader& reader, Evidence evidence,
                   Findings& findings);
    PartitionAudit(const PartitionAudit&) = delete;
    PartitionAudit& operator=(const PartitionAudit&) = delete;

    /// Whether the records should be shown to foresee(), all of them and in order, before take():
    /// then less is in doubt.
    [[nodiscard]] bool wants_foresight() const;
    void foresee(Offset offset, std::int64_t produced_ms, std::string_view value);

    /// The next record of the range, by rising offsets. `produced_ms`: see aggregation::Reader.
    void take(Offset offset, std::int64_t produced_ms, std::string_view key,
              std::string_view value);

    /// After the last record. Returns what was counted.
    Counts finish();

    /// An estimate of the memory taken, evidence included.
    [[nodiscard]] std::uint64_t bytes() const;

private:
    /// What the topics say became of a record.
    struct Fates {
        const Original* late = nullptr;
        const Original* dead = nullptr;
    };
    Fates look_up(Offset offset, std::string_view key, std::string_view value);
    const Original* only_one(const char* kind, Originals& originals, Offset offset,
                             std::string_view key, std::string_view value);
    void judge_dead(Offset offset, const std::string& reason, const Fates& fates);
    void judge_late(Offset offset, const aggregation::Reading& reading, const Original& late);
    void use(Offset offset, const aggregation::Reading& reading);
    void reach(Offset position);

    void judge(const ExpectedRow& expected);
    void judge_content(const ExpectedRow& expected, const WrittenRow& row);
    [[nodiscard]] std::string watermark_fault(const ExpectedRow& expected,
                                              const WrittenRow& row) const;
    void judge_rest();
    [[nodiscard]] bool may_lack_readings(const Span& window) const;
    [[nodiscard]] bool beyond_range(const WrittenRow& row) const;

    template <typename Sentence>
    void fault(std::uint64_t& column, const char* kind, Sentence sentence);

    const aggregation::Rules& rules_;
    aggregation::Reader& reader_;
    Findings& findings_;
    Evidence evidence_;
    Counts counts_;
    QuietCloses quiet_closes_;
    Watermark watermark_;
    Values values_;
    std::uint64_t reading_bytes_ = 0;
    Windows windows_;
    /// Of a range that begins in the middle of the log: windows that start by then are left out;
    /// nothing until the first reading was used.
    std::optional<EventTime> left_out_until_;
    bool contradiction_said_ = false;
};

}  // namespace weir::audit
