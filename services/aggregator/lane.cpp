// SPDX-License-Identifier: Apache-2.0
#include "lane.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace weir::aggregator {
namespace {

/// Rows handed out before the owner may commit: a small part of a transaction.
constexpr std::size_t rows_at_a_time = 1000;

void see_clock(Workshop& workshop) {
    const auto& clock = workshop.reader.clock();
    if (!clock) return;
    workshop.outbox.tally.skew.add(clock->ahead);
    workshop.clocks.hear(clock->key, clock->ahead);
}

}  // namespace

Lane::Lane(kafka::TopicPartition where, Plan plan, std::optional<Attendance> attendance, Steady now)
    : where_(std::move(where)),
      stream_(std::move(plan.stream)),
      next_(plan.read_from),
      committed_(plan.committed),
      last_activity_(now),
      attendance_(std::move(attendance)),
      in_contact_since_(now),
      written_(plan.rewrite) {}

void Lane::take(const kafka::RecordView& record, Workshop& workshop, Steady now) {
    WEIR_ASSERT(!stalled_, "a lane that stands still takes nothing");
    WEIR_ASSERT(record.offset >= next_, "records come in the order of their offsets");
    end_.reset();
    quiet_close_refused_ = false;
    last_activity_ = now;
    reach(record.offset, workshop);
    if (workshop.outbox.failed()) return;
    if (stream_.replaying()) ++replayed_;
    judge(record, workshop);
    if (stalled_) return;
    if (!stream_.replaying()) ++workshop.outbox.tally.input;
    next_ = weir::next(record.offset);
    drain(workshop);
}

void Lane::reach_end(Offset end, Workshop& workshop, Steady now) {
    last_activity_ = now;
    reach(end, workshop);
    end_ = end;
}

void Lane::reach(Offset position, Workshop& workshop) {
    const bool was_replaying = stream_.replaying();
    stream_.reach(position);
    next_ = std::max(next_, position);
    if (was_replaying && !stream_.replaying() && replayed_ > 0)
        log::info("windows are built up again", {{"topic", where_.topic},
                                                 {"partition", number(where_.partition)},
                                                 {"records", replayed_},
                                                 {"windows", stream_.open_windows()}});
    drain(workshop);
}

void Lane::judge(const kafka::RecordView& record, Workshop& workshop) {
    Outbox& outbox = workshop.outbox;
    const auto reading = workshop.reader.read(record.value, record.timestamp_ms);
    if (!reading) {
        if (stream_.replaying()) return;
        see_clock(workshop);
        outbox.dead(record, reading.error().message);
        return;
    }
    const window::Verdict verdict = stream_.add({.offset = record.offset,
                                                 .time = reading->time,
                                                 .key = reading->key,
                                                 .inputs = reading->inputs,
                                                 .id = reading->id});
    if (verdict.fate == window::Fate::full) {
        stalled_ = true;
        return;
    }
    hear(*reading, record.offset, verdict.muted, workshop);
    if (verdict.muted) return;
    see_clock(workshop);
    if (!workshop.keys.consistent(reading->key, record.key)) ++outbox.tally.scattered;
    if (verdict.fate == window::Fate::late)
        outbox.late(record, verdict);
    else if (verdict.fate == window::Fate::repeated)
        ++outbox.tally.repeated;
    else if (reading->counted)
        ++outbox.tally.used;
    else
        ++outbox.tally.empty;
}

void Lane::drain(Workshop& workshop) {
    while (stream_.due() && !workshop.outbox.failed()) {
        written_ = true;
        stream_.close_due(rows_at_a_time,
                          [&](const window::Row& row) { workshop.outbox.result(where_, row); });
        workshop.breathe();
    }
}

bool Lane::may_close_quietly(std::optional<Offset> high, std::chrono::milliseconds idle, Steady now,
                             EventTime until) const {
    const auto earliest = stream_.next_rows();
    return earliest && *earliest <= until && end_ && end_ == high && !stream_.replaying() &&
           !stalled_ && !quiet_close_refused_ && now - last_activity_ >= idle;
}

void Lane::close_quietly(EventTime until, Workshop& workshop) {
    const auto closed = stream_.quiet_close(until);
    if (!closed) {
        quiet_close_refused_ = true;
        log::warn("windows wait for a record",
                  {{"partition", number(where_.partition)}, {"reason", closed.error().message}});
        return;
    }
    written_ = true;
    drain(workshop);
}

// What is written next may be a window, or a revision that waits for a later watermark.
void Lane::finish(Workshop& workshop) {
    // Beyond every time a reading may have, and far from where sums of times overflow.
    constexpr EventTime end_of_time = EventTime::max() - std::chrono::years{1000};
    while (stream_.next_rows() && !quiet_close_refused_ && !workshop.outbox.failed())
        close_quietly(end_of_time, workshop);
}

void Lane::hear(const Reading& reading, Offset offset, bool muted, Workshop& workshop) {
    if (!attendance_) return;
    if (muted) return attendance_->replay(reading.key, reading.time, offset);
    const auto heard = attendance_->hear(reading.key, reading.time, offset, workshop.wall);
    if (heard.unwatched) ++workshop.outbox.tally.unwatched;
    if (heard.said) say(*heard.said, workshop);
}

void Lane::say(const StatusRecord& record, Workshop& workshop) {
    written_ = true;
    workshop.outbox.status(where_, record);
}

bool Lane::misses_somebody(std::chrono::milliseconds idle, Steady now, EventTime wall) {
    return attendance_ && !stream_.replaying() && !stalled_ && !roll_call_ &&
           now - in_contact_since_ >= idle && attendance_->overdue(wall);
}

void Lane::judge_absence(Workshop& workshop) {
    if (!roll_call_ || next_ < roll_call_->end || stream_.replaying()) return;
    const auto missing = [&](const StatusRecord& record) { say(record, workshop); };
    while (!workshop.outbox.failed() &&
           attendance_->judge(roll_call_->wall, rows_at_a_time, missing) > 0)
        workshop.breathe();
    roll_call_.reset();
}

void Lane::lose_contact(Steady now) {
    in_contact_since_ = now;
    roll_call_.reset();
}

void Lane::note_attendance(Workshop& workshop) {
    if (!attendance_) return;
    attendance_->note(stream_.checkpoint(next_).replay_from,
                      [&](const StatusRecord& record) { say(record, workshop); });
}

bool Lane::dirty() const { return !stream_.replaying() && (written_ || committed_ != next_); }

kafka::Position Lane::position(const Fingerprint& fingerprint) const {
    return {where_, next_, encode_metadata(stream_.checkpoint(next_), fingerprint,
                                           stream_.options().checkpoint_format)};
}

void Lane::on_committed() {
    committed_ = next_;
    written_ = false;
}

}  // namespace weir::aggregator
