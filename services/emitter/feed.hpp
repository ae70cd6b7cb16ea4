// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kafka/consumer.hpp"
#include "meters.hpp"
#include "options.hpp"
#include "positions.hpp"
#include "runtime/service.hpp"
#include "translator.hpp"

namespace weir::emitter {

/// Where the feed's work goes. Called from the feed's thread.
struct FeedSink {
    /// Waits for room for what take() is given; false when there is none in time.
    std::function<bool(std::chrono::milliseconds timeout)> await_room;
    /// From where partitions are read on, before the first of their records.
    std::function<void(std::vector<kafka::Position>)> start;
    /// Events, and then where partitions have been read to their end: between the last record and
    /// the end there may be markers of transactions.
    std::function<void(std::vector<Outgoing>, std::vector<kafka::Position>)> take;
    std::function<void()> caught_up;  ///< once, when the past has been read
    std::function<void()> tick;       ///< about once a second
    /// Positions before which all is done, of partitions for which they have changed: the next
    /// start begins there. Empty: there is nothing to keep, and each start begins in the past.
    std::function<std::vector<kafka::Position>()> done = {};
    std::function<void()> finish = {};  ///< waits a while for what is not done yet, at the end
};

/// Reads every partition of the relays' topics, from `--history` ago on or from where it was done.
///
/// Problem: each replica must see every record, start with the recent past, and go on by itself
/// when brokers go away, topics are made late, partitions are added, or retention takes what it was
/// about to read. So it is no member of a group, also where it keeps offsets under the name of one.
///
/// Threads: run() is a thread's whole work.
class Feed {
public:
    /// All references outlive it.
    Feed(const Options& options, const json::TimeZone& zone, std::vector<Selection> selections,
         runtime::Service& service, Meters& meters, FeedSink sink);

    /// Returns at the service's stop. Errors: the Kafka client can do nothing more.
    Result<void> run();

private:
    using Clock = std::chrono::steady_clock;
    using Attempt = kafka::Outcome<void>;

    /// Finds topics and partitions and starts reading those that are new or changed.
    Attempt refresh();
    Attempt add_partitions(const std::string& topic, int first, int count);
    void begin(const kafka::TopicPartition& where, Offset from, Offset end);
    Attempt clamp_positions();
    /// From where to read partitions that are there at the start.
    kafka::Outcome<std::vector<kafka::Position>> beginnings(
        const std::vector<kafka::TopicPartition>& partitions, const std::vector<Offset>& ends);
    Attempt ask_for_ends();
    void commit();
    void read_some();
    void on_record(const kafka::RecordView& record, std::vector<Outgoing>& batch);
    void on_failed(const kafka::Event& event);
    void note_what_is_no_event(const std::vector<Outgoing>& batch, std::size_t first);
    /// Records that are in Kafka and not read yet, as far as has been heard.
    std::uint64_t records_left() const;
    void report(Clock::time_point now);

    const Options& options_;
    runtime::Service& service_;
    Meters& meters_;
    FeedSink sink_;
    Translator translator_;
    runtime::Health::Condition& ready_;
    runtime::Health::Pulse& pulse_;
    std::optional<kafka::Consumer> consumer_;
    std::vector<std::string> topics_;
    Positions positions_;
    std::vector<kafka::Position> begun_;  ///< not told yet
    bool caught_up_ = false;
    std::optional<std::string> trouble_ = "not yet";  ///< why not everything is read
    bool start_needed_ = false;
    bool clamp_needed_ = false;
    bool standing_ = false;  ///< there is no room for what would be read
    std::map<kafka::TopicPartition, Offset> ends_;
    std::map<kafka::TopicPartition, Offset> to_commit_;
    Clock::time_point refresh_due_{};
    Clock::time_point tick_due_{};
    std::array<Clock::time_point, flaw_count> flaw_log_due_{};
    std::array<std::uint64_t, flaw_count> flaws_unlogged_{};
};

}  // namespace weir::emitter
