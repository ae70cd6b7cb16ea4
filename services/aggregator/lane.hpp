// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "aggregation/fingerprint.hpp"
#include "aggregation/reading.hpp"
#include "attendance.hpp"
#include "clock_skew.hpp"
#include "kafka/record.hpp"
#include "key_check.hpp"
#include "outbox.hpp"
#include "recovery.hpp"
#include "window/stream.hpp"

namespace weir::aggregator {

/// What the lanes of a process share.
struct Workshop {
    Reader& reader;
    KeyCheck& keys;
    SkewedKeys& clocks;
    Outbox& outbox;
    /// Called between two portions of rows: the place for a commit when very many windows close.
    std::function<void()> breathe;
    EventTime wall{};  ///< the clock when the present batch came
};

/// One input partition that this replica owns: its windows, and how far it has come.
///
/// A lane is whole between two calls: whatever position() says then can be committed with
/// everything its outbox was given. It is built up again, muted, from the checkpoint of the last
/// commit, and takes part in no commit until then.
///
/// Threads: one.
class Lane {
public:
    using Steady = std::chrono::steady_clock::time_point;

    /// `attendance`: as the status topic has it; nothing when nobody is missed.
    Lane(kafka::TopicPartition where, Plan plan, std::optional<Attendance> attendance, Steady now);

    [[nodiscard]] const kafka::TopicPartition& where() const { return where_; }
    [[nodiscard]] bool replaying() const { return stream_.replaying(); }
    /// Standing still, because the windows are as many as they may be.
    [[nodiscard]] bool stalled() const { return stalled_; }
    /// The next offset: everything before it has been looked at.
    [[nodiscard]] Offset next() const { return next_; }
    [[nodiscard]] std::optional<Offset> committed_offset() const { return committed_; }
    [[nodiscard]] std::uint64_t replayed() const { return replayed_; }
    [[nodiscard]] window::Stream& stream() { return stream_; }

    /// Takes a record to its fate. Not while stalled.
    void take(const kafka::RecordView& record, Workshop& workshop, Steady now);

    /// The partition ends before `end`, for now.
    void reach_end(Offset end, Workshop& workshop, Steady now);

    /// Whether the wall clock has left windows behind (they end at or before `until`) and no record
    /// has come for `idle` at the partition's end. `high` is what the broker said last, and beyond
    /// the end while a transaction is open upstream.
    [[nodiscard]] bool may_close_quietly(std::optional<Offset> high, std::chrono::milliseconds idle,
                                         Steady now, EventTime until) const;
    /// Closes those windows.
    void close_quietly(EventTime until, Workshop& workshop);
    /// No record will come any more: closes all windows, as if time had come to its end.
    void finish(Workshop& workshop);
    /// Silence so far means nothing, because nobody could have been heard.
    void restart_idle(Steady now) { last_activity_ = now; }

    /// Whether a key seems to be missing at `wall`, and the brokers have been heard for `idle`, and
    /// nobody has asked yet for the log's end.
    [[nodiscard]] bool misses_somebody(std::chrono::milliseconds idle, Steady now, EventTime wall);
    /// The log ended at `end` when the clock said `wall`, or later: once all before it has been
    /// taken, who is silent then is missing.
    void judge_absence_at(Offset end, EventTime wall) { roll_call_ = RollCall{end, wall}; }
    /// Says who is missing, if that moment has come.
    void judge_absence(Workshop& workshop);
    /// No broker can be heard: silence begins to mean something again `idle` after the last call.
    void lose_contact(Steady now);
    [[nodiscard]] const std::optional<Attendance>& attendance() const { return attendance_; }

    /// Writes what a commit of position() has to bring along.
    void note_attendance(Workshop& workshop);

    /// Something happened that is not committed.
    [[nodiscard]] bool dirty() const;
    [[nodiscard]] kafka::Position position(const Fingerprint& fingerprint) const;
    void on_committed();

private:
    void reach(Offset position, Workshop& workshop);
    void drain(Workshop& workshop);
    void judge(const kafka::RecordView& record, Workshop& workshop);
    void hear(const Reading& reading, Offset offset, bool muted, Workshop& workshop);
    void say(const StatusRecord& record, Workshop& workshop);

    /// A moment at which attendance is judged.
    struct RollCall {
        Offset end{};
        EventTime wall{};
    };

    kafka::TopicPartition where_;
    window::Stream stream_;
    Offset next_;
    std::optional<Offset> committed_;
    std::optional<Offset> end_;  ///< while nothing has come since the partition's end was seen
    Steady last_activity_;
    std::optional<Attendance> attendance_;
    std::optional<RollCall> roll_call_;
    Steady in_contact_since_;
    std::uint64_t replayed_ = 0;
    bool written_ = false;
    bool stalled_ = false;
    bool quiet_close_refused_ = false;
};

}  // namespace weir::aggregator
