// SPDX-License-Identifier: Apache-2.0
#include "partition_audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "json/timestamp.hpp"

namespace weir::audit {

using namespace std::chrono_literals;

namespace {

/// As headers have it.
EventTime shown(EventTime time) { return std::chrono::floor<std::chrono::milliseconds>(time); }

std::string watermark_text(std::optional<EventTime> watermark) {
    return !watermark || *watermark < EventTime{} ? "none" : json::iso_milliseconds(*watermark);
}

std::string content_text(std::uint64_t count, Offset first, Offset last, std::string_view value) {
    return fmt::format("{} of {} readings at {}-{}", value, count, number(first), number(last));
}

}  // namespace

PartitionAudit::PartitionAudit(const aggregation::Rules& rules, aggregation::Reader& reader,
                               Evidence evidence, Findings& findings)
    : rules_(rules),
      reader_(reader),
      findings_(findings),
      evidence_(std::move(evidence)),
      quiet_closes_(rules, evidence_.rows, evidence_.late),
      watermark_(rules.grace, evidence_.checkpoint),
      values_(rules, reader.aggregates()),
      windows_(
          rules, watermark_, evidence_.rows,
          [this](std::string_view key) { return values_.record_key(key); },
          [this](const ExpectedRow& expected) { judge(expected); }) {}

template <typename Sentence>
void PartitionAudit::fault(std::uint64_t& column, const char* kind, Sentence sentence) {
    findings_.add(column, [&] {
        return fmt::format("partition {}: {}: {}", number(evidence_.partition), kind, sentence());
    });
}

/// Of tumbling windows without --accept-late nothing hangs on when exactly the clock closed one.
bool PartitionAudit::wants_foresight() const {
    const bool simple = rules_.kind() == window::Kind::tumbling && rules_.accept_late == 0ms;
    return !simple && quiet_closes_.in_doubt();
}

void PartitionAudit::foresee(Offset offset, std::int64_t produced_ms, std::string_view value) {
    if (const auto reading = reader_.read(value, produced_ms))
        quiet_closes_.saw(offset, reading->time);
}

void PartitionAudit::take(Offset offset, std::int64_t produced_ms, std::string_view key,
                          std::string_view value) {
    if (counts_.input++ == 0)
        for (const QuietClose& close : quiet_closes_.list())
            watermark_.witness(close);
    reach(offset);
    const Fates fates = look_up(offset, key, value);
    const auto reading = reader_.read(value, produced_ms);
    if (!reading) return judge_dead(offset, reading.error().message, fates);
    if (fates.dead != nullptr)
        fault(counts_.wrong, "wrong", [&] {
            return fmt::format("record {} is dead, and it is a reading", number(offset));
        });
    if (fates.late != nullptr)
        judge_late(offset, *reading, *fates.late);
    else if (fates.dead == nullptr)
        use(offset, *reading);
    watermark_.saw(reading->time);
    if (windows_.sweep()) watermark_.forget_steps();
}

void PartitionAudit::reach(Offset position) {
    if (watermark_.reach(position) || std::exchange(contradiction_said_, true)) return;
    fault(counts_.wrong, "wrong", [&] {
        return fmt::format(
            "the checkpoint has the watermark {} at {}, and the records before it move it to {}: "
            "windows were not built up again from what was committed",
            watermark_text(evidence_.checkpoint->watermark),
            number(evidence_.checkpoint->replay_from), watermark_text(watermark_.least()));
    });
}

PartitionAudit::Fates PartitionAudit::look_up(Offset offset, std::string_view key,
                                              std::string_view value) {
    const Fates fates{only_one("late record", evidence_.late, offset, key, value),
                      only_one("dead letter", evidence_.dead, offset, key, value)};
    if (fates.late != nullptr) ++counts_.late;
    if (fates.dead != nullptr && fates.late == nullptr) ++counts_.dead;
    if (fates.dead != nullptr && fates.late != nullptr)
        fault(counts_.duplicate, "duplicate", [&] {
            return fmt::format("record {} is late at {}:{} and dead at {}:{}", number(offset),
                               number(fates.late->its_partition), number(fates.late->its_offset),
                               number(fates.dead->its_partition), number(fates.dead->its_offset));
        });
    return fates;
}

/// The original of the record, if there is one; the bytes must be the same.
const Original* PartitionAudit::only_one(const char* kind, Originals& originals, Offset offset,
                                         std::string_view key, std::string_view value) {
    const auto found = originals.take(offset, [&](const Original& unknown) {
        fault(counts_.wrong, "wrong", [&] {
            return fmt::format("the {} at {}:{} is of record {}, and there is none", kind,
                               number(unknown.its_partition), number(unknown.its_offset),
                               number(unknown.offset));
        });
    });
    if (found.empty()) return nullptr;
    const Original& first = found.front();
    for (const Original& again : found.subspan(1))
        fault(counts_.duplicate, "duplicate", [&] {
            return fmt::format("record {} is a {} at {}:{} and again at {}:{}", number(offset),
                               kind, number(first.its_partition), number(first.its_offset),
                               number(again.its_partition), number(again.its_offset));
        });
    if (!first.cut && first.digest != digest_of(key, value))
        fault(counts_.wrong, "wrong", [&] {
            return fmt::format("the {} at {}:{} has not the bytes of record {}", kind,
                               number(first.its_partition), number(first.its_offset),
                               number(offset));
        });
    return &first;
}

void PartitionAudit::judge_dead(Offset offset, const std::string& reason, const Fates& fates) {
    if (fates.late != nullptr)
        fault(counts_.wrong, "wrong", [&] {
            return fmt::format("record {} is late, and it is no reading: {}", number(offset),
                               reason);
        });
    else if (fates.dead == nullptr)
        fault(counts_.missing, "missing", [&] {
            return fmt::format("record {} is no reading ({}), and there is no dead letter of it",
                               number(offset), reason);
        });
}

/// Before the range's first used reading nothing is known of the watermark, so that any is taken.
void PartitionAudit::judge_late(Offset offset, const aggregation::Reading& reading,
                                const Original& late) {
    const Span window = windows_.deciding_window(reading.time);
    const EventTime from = windows_.late_from(reading.time);
    const bool known = !evidence_.log_is_cut || left_out_until_;
    const EventTime stood = late.watermark.value_or(EventTime::min());
    const bool explained = stood >= shown(std::max(watermark_.least(), EventTime{})) &&
                           (!known || stood <= watermark_.most());
    if (late.window != window || stood < shown(from) || !explained)
        return fault(counts_.wrong, "wrong", [&] {
            return fmt::format(
                "record {} is late at {}:{} by the watermark {} for {}; it is so from {} on for "
                "{}, and the watermark stood between {} and {}",
                number(offset), number(late.its_partition), number(late.its_offset),
                watermark_text(late.watermark), text(late.window), watermark_text(from),
                text(window), watermark_text(watermark_.least()),
                known ? watermark_text(watermark_.most()) : "any time");
        });
    watermark_.raise(stood);
}

void PartitionAudit::use(Offset offset, const aggregation::Reading& reading) {
    if (evidence_.log_is_cut && !left_out_until_) {
        // What came before may be as far ahead as this one's window and the grace allow.
        EventTime until =
            std::max(reading.time, watermark_.least()) + rules_.accept_late + rules_.size();
        for (const WrittenRow& row : evidence_.rows.all())
            if (row.source.first < evidence_.begin)
                until = std::max(until, row.window.end + rules_.accept_late);
        watermark_.may_be(until);
        left_out_until_ = until + rules_.grace;
        // A session goes on, and its beginning is not seen.
        if (rules_.kind() == window::Kind::session) *left_out_until_ += rules_.size();
    }
    switch (windows_.take(reading.key,
                          std::make_shared<const Reading>(reading, offset, reading_bytes_))) {
        case Windows::Fate::used:
            ++(reading.counted ? counts_.used : counts_.filtered);
            return;
        case Windows::Fate::repeated: ++counts_.filtered; return;
        case Windows::Fate::late: break;
    }
    fault(counts_.missing, "missing", [&] {
        return fmt::format(
            "record {} came when the watermark stood at {}, was late from {} on, and there is no "
            "late record of it",
            number(offset), watermark_text(watermark_.least()),
            watermark_text(windows_.late_from(reading.time)));
    });
}

bool PartitionAudit::may_lack_readings(const Span& window) const {
    return left_out_until_ && window.start <= *left_out_until_;
}

bool PartitionAudit::beyond_range(const WrittenRow& row) const {
    return row.source.first < evidence_.begin || row.source.last >= evidence_.end;
}

void PartitionAudit::judge(const ExpectedRow& expected) {
    if (may_lack_readings(expected.window)) return;
    const auto found = evidence_.rows.find(expected.record_key, expected.window, expected.revision);
    const auto name = [&] {
        return fmt::format("key {} window {} revision {}", json_quoted(expected.record_key),
                           text(expected.window), expected.revision);
    };
    if (found.empty() && expected.open) {
        ++counts_.open;
    } else if (found.empty()) {
        fault(counts_.missing, "missing", [&] {
            const auto content = values_.content(expected.key, expected.window, expected.readings,
                                                 expected.repeated);
            return fmt::format(
                "{}: expected {}, found nothing", name(),
                content_text(content.count, content.first, content.last, content.value));
        });
    } else if (expected.open && beyond_range(found.front())) {
        ++counts_.open;
    } else {
        counts_.rows += found.size();
        for (const WrittenRow& row : found)
            evidence_.rows.mark(row);
        judge_content(expected, found.front());
        for (const WrittenRow& again : found.subspan(1))
            fault(counts_.duplicate, "duplicate", [&] {
                return fmt::format("{}: found {} at {}:{}, and {} at {}:{}", name(),
                                   found.front().value, number(found.front().partition),
                                   number(found.front().offset), again.value,
                                   number(again.partition), number(again.offset));
            });
    }
}

void PartitionAudit::judge_content(const ExpectedRow& expected, const WrittenRow& row) {
    const auto content =
        values_.content(expected.key, expected.window, expected.readings, expected.repeated);
    const bool same = row.source.first == content.first && row.source.last == content.last &&
                      row.count == content.count && row.value == content.value &&
                      row.beyond_bound == content.beyond_bound;
    const std::string watermark = watermark_fault(expected, row);
    if (same && watermark.empty()) return;
    fault(counts_.wrong, "wrong", [&] {
        std::string words =
            fmt::format("key {} window {} revision {} at {}:{}", json_quoted(row.key),
                        text(row.window), row.revision, number(row.partition), number(row.offset));
        if (!same)
            words +=
                fmt::format(": expected {}, found {}",
                            content_text(content.count, content.first, content.last, content.value),
                            content_text(row.count, row.source.first, row.source.last, row.value));
        if (row.beyond_bound != content.beyond_bound)
            words += fmt::format("; expected weir-beyond-bound \"{}\", found \"{}\"",
                                 content.beyond_bound, row.beyond_bound);
        if (!watermark.empty()) words += ": " + watermark;
        if (row.incomplete) words += "; it is marked weir-incomplete";
        return words;
    });
}

/// A record closed the window, and then the watermark is what that record moved it to; or the
/// clock did, and then it is the end of this window or of another one, or a step.
std::string PartitionAudit::watermark_fault(const ExpectedRow& expected,
                                            const WrittenRow& row) const {
    const EventTime stood = row.watermark.value_or(EventTime::min());
    const bool due = stood >= shown(expected.due_from);
    if (stood == shown(expected.window.end)) return {};
    const EventTime reached = watermark_.that_reached(expected.due_by);
    const EventTime most = std::max(reached, watermark_.most());
    // The row itself has said when it came out, or it came out beyond the range.
    const bool believed = reached < expected.due_by;
    const bool by_record =
        stood == shown(reached) || (expected.due_from != expected.due_by && stood <= reached);
    const bool by_clock = quiet_closes_.contains(stood);
    if (due && (stood <= most || expected.open || evidence_.all_closed) &&
        (believed || by_record || by_clock))
        return {};
    return fmt::format("expected weir-watermark {}, found {}", watermark_text(reached),
                       watermark_text(row.watermark));
}

/// Rows that nothing has led to.
void PartitionAudit::judge_rest() {
    for (const WrittenRow& row : evidence_.rows.all()) {
        if (evidence_.rows.marked(row)) continue;
        if (beyond_range(row) || may_lack_readings(row.window)) {
            ++counts_.outside;
            continue;
        }
        ++counts_.rows;
        fault(counts_.wrong, "wrong", [&] {
            return fmt::format(
                "key {} window {} revision {} at {}:{}: expected no such row, found "
                "{}",
                json_quoted(row.key), text(row.window), row.revision, number(row.partition),
                number(row.offset),
                content_text(row.count, row.source.first, row.source.last, row.value));
        });
    }
}

Counts PartitionAudit::finish() {
    reach(evidence_.end);
    only_one("late record", evidence_.late, evidence_.end, {}, {});
    only_one("dead letter", evidence_.dead, evidence_.end, {}, {});
    windows_.finish(evidence_.all_closed);
    judge_rest();
    return counts_;
}

std::uint64_t PartitionAudit::bytes() const {
    return evidence_.rows.bytes() + evidence_.late.bytes() + evidence_.dead.bytes() +
           windows_.bytes() + reading_bytes_;
}

}  // namespace weir::audit
