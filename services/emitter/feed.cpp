// SPDX-License-Identifier: Apache-2.0
#include "feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace weir::emitter {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_wait = 100ms;   // also how late a stop is seen
constexpr auto ask_timeout = 3s;    // of one question to the brokers; delays a stop, too
constexpr auto retry_wait = 1s;     // after one went wrong
constexpr auto refresh_every = 5s;  // for partitions that were added
constexpr auto tick_every = 1s;
constexpr auto flaw_log_every = 1min;

// A turn of the loop may ask some questions one after the other.
constexpr auto pulse_limit = 60s;

// What waits in the client library; records beyond it stay in Kafka.
constexpr Bytes prefetch_max{8 << 20};

bool has_past(const std::vector<Relay>& relays, const std::string& topic) {
    return std::ranges::any_of(
        relays, [&](const Relay& relay) { return relay.topic == topic && !is_plain(relay.nsp); });
}

std::vector<std::string> topics_of(const std::vector<Relay>& relays) {
    std::vector<std::string> topics;
    for (const Relay& relay : relays)
        if (std::ranges::find(topics, relay.topic) == topics.end()) topics.push_back(relay.topic);
    return topics;
}

kafka::Failure missing_topic(const std::string& topic) {
    return {.meaning = kafka::Meaning::retriable,
            .message = fmt::format("the Kafka topic {} does not exist", topic)};
}

}  // namespace

Feed::Feed(const Options& options, const json::TimeZone& zone, std::vector<Selection> selections,
           runtime::Service& service, Meters& meters, FeedSink sink)
    : options_(options),
      service_(service),
      meters_(meters),
      sink_(std::move(sink)),
      translator_(options.relays, zone, options.value_max.count, std::move(selections)),
      ready_(service.health().condition("kafka")),
      pulse_(service.health().pulse("feed", pulse_limit)),
      topics_(topics_of(options.relays)) {}

Result<void> Feed::run() {
    auto opened =
        kafka::Consumer::open(options_.kafka, {.client_id = "emitter",
                                               .group = sink_.done ? options_.group : std::string{},
                                               .assignment = kafka::Assignment::eager,
                                               .prefetch_max = prefetch_max});
    if (!opened) return Error{opened.error().message};
    consumer_ = std::move(*opened);
    while (!service_.stop().stop_requested()) {
        const auto now = Clock::now();
        if (now >= refresh_due_) {
            const Attempt attempt = refresh();
            trouble_ = attempt.ok() ? std::nullopt : std::optional(attempt.error().message);
            refresh_due_ = now + (attempt.ok() ? Clock::duration(refresh_every) : retry_wait);
        }
        standing_ = !sink_.await_room(poll_wait);
        if (!standing_) read_some();
        if (const auto failure = consumer_->fatal()) return Error{failure->message};
        report(now);
    }
    if (sink_.finish) sink_.finish();
    commit();
    consumer_->close();
    return {};
}

/// What can be read is read, even while some topic is missing.
Feed::Attempt Feed::refresh() {
    std::optional<kafka::Failure> missing;
    for (const std::string& topic : topics_) {
        const auto count = consumer_->partition_count(topic, ask_timeout);
        if (!count) return count.error();
        const int known = positions_.partitions(topic);
        if (*count == 0) missing = missing_topic(topic);
        if (*count <= known) continue;
        if (auto added = add_partitions(topic, known, *count); !added) return added;
        start_needed_ = true;
    }
    if (auto clamped = clamp_positions(); !clamped) return clamped;
    if (auto asked = ask_for_ends(); !asked) return asked;
    if (start_needed_) {
        if (auto started = consumer_->start(positions_.next()); !started) return started;
        start_needed_ = false;
        sink_.start(std::exchange(begun_, {}));
    }
    return missing ? Attempt{*missing} : Attempt{};
}

Feed::Attempt Feed::clamp_positions() {
    if (!clamp_needed_) return {};
    for (const kafka::Position& position : positions_.next()) {
        const auto log = consumer_->query_watermarks(position.where, ask_timeout);
        if (!log) return log.error();
        const Offset next = positions_.clamp(position.where, *log);
        if (next != position.offset) begun_.push_back({position.where, next, {}});
    }
    clamp_needed_ = false;
    start_needed_ = true;
    return {};
}

/// While nothing is read, no fetch tells how far the partitions have grown.
Feed::Attempt Feed::ask_for_ends() {
    ends_.clear();
    if (!standing_) return {};
    for (const kafka::Position& position : positions_.next()) {
        const auto log = consumer_->query_watermarks(position.where, ask_timeout);
        if (!log) return log.error();
        ends_[position.where] = log->high;
    }
    return {};
}

/// At the start, from `--history` ago or the end. Later, from the beginning: what is in a
/// partition that was added since is new.
Feed::Attempt Feed::add_partitions(const std::string& topic, int first, int count) {
    std::vector<kafka::TopicPartition> partitions;
    for (int i = first; i < count; ++i)
        partitions.push_back({topic, Partition{i}});
    if (first > 0) {
        for (const auto& where : partitions)
            begin(where, Offset{0}, Offset{0});
        return {};
    }
    std::vector<Offset> ends;
    for (const auto& where : partitions) {
        const auto log = consumer_->query_watermarks(where, ask_timeout);
        if (!log) return log.error();
        ends.push_back(log->high);
    }
    const auto from = beginnings(partitions, ends);
    if (!from) return from.error();
    for (std::size_t i = 0; i < partitions.size(); ++i)
        begin(partitions[i], (*from)[i].offset, ends[i]);
    return {};
}

kafka::Outcome<std::vector<kafka::Position>> Feed::beginnings(
    const std::vector<kafka::TopicPartition>& partitions, const std::vector<Offset>& ends) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    auto from = consumer_->offsets_for_times(partitions, now - options_.history, ask_timeout);
    if (!from) return from;
    if (!sink_.done) {
        if (has_past(options_.relays, partitions.front().topic)) return from;
        for (std::size_t i = 0; i < partitions.size(); ++i)
            (*from)[i].offset = ends[i];
        return from;
    }
    const auto committed = consumer_->committed(partitions, ask_timeout);
    if (!committed) return committed.error();
    for (std::size_t i = 0; i < partitions.size(); ++i)
        if ((*committed)[i]) (*from)[i].offset = (*committed)[i]->offset;
    return from;
}

/// What could not be committed is tried again with what comes after it.
void Feed::commit() {
    if (!sink_.done) return;
    for (const kafka::Position& position : sink_.done())
        to_commit_[position.where] = position.offset;
    if (to_commit_.empty() || !consumer_->reachable()) return;
    std::vector<kafka::Position> positions;
    for (const auto& [where, offset] : to_commit_)
        positions.push_back({where, offset, {}});
    if (const auto committed = consumer_->commit(positions); !committed)
        log::warn("the offsets could not be committed", {{"error", committed.error().message}});
    else
        to_commit_.clear();
}

void Feed::begin(const kafka::TopicPartition& where, Offset from, Offset end) {
    positions_.add(where, from, end);
    begun_.push_back({where, from, {}});
}

void Feed::read_some() {
    std::vector<Outgoing> batch;
    std::vector<kafka::Position> ends;
    for (const kafka::Event& event : consumer_->poll(poll_wait)) {
        switch (event.kind) {
            case kafka::Event::Kind::record: on_record(event.record, batch); break;
            case kafka::Event::Kind::end:
                ends.push_back({{std::string(event.record.topic), event.record.partition},
                                event.record.offset,
                                {}});
                positions_.reached_end(ends.back().where, ends.back().offset);
                break;
            case kafka::Event::Kind::failed: on_failed(event); break;
        }
    }
    if (!batch.empty()) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const std::chrono::milliseconds produced{batch.back().timestamp_ms};
        if (batch.back().is_live && produced.count() >= 0)
            meters_.relayed_after(std::chrono::duration_cast<std::chrono::milliseconds>(now) -
                                  produced);
    }
    if (!batch.empty() || !ends.empty()) sink_.take(std::move(batch), std::move(ends));
    if (!caught_up_ && !trouble_ && positions_.caught_up()) {
        caught_up_ = true;
        sink_.caught_up();
        log::info("caught up with Kafka");
    }
}

void Feed::on_record(const kafka::RecordView& record, std::vector<Outgoing>& batch) {
    const bool live = positions_.read({std::string(record.topic), record.partition}, record.offset);
    const auto headers = record.headers();
    const std::size_t first = batch.size();
    translator_.translate(
        {.topic = record.topic,
         .partition = number(record.partition),
         .offset = number(record.offset),
         .timestamp_ms = record.timestamp_ms,
         .key = record.key.data() == nullptr ? std::nullopt : std::optional(record.key),
         .value = record.value,
         .headers = headers},
        batch);
    for (std::size_t i = first; i < batch.size(); ++i)
        batch[i].is_live = live;
    meters_.record_read(record.topic);
    note_what_is_no_event(batch, first);
}

/// One line per kind of flaw and minute: a producer gone wrong must not fill the log.
void Feed::note_what_is_no_event(const std::vector<Outgoing>& batch, std::size_t first) {
    for (std::size_t i = first; i < batch.size(); ++i) {
        const Outgoing& outgoing = batch[i];
        if (outgoing.filter != Filter::none) meters_.record_filtered(outgoing.filter);
        if (outgoing.flaw == Flaw::none) continue;
        meters_.record_flawed(outgoing.flaw);
        const auto kind = static_cast<std::size_t>(outgoing.flaw);
        ++flaws_unlogged_[kind];
        const auto now = Clock::now();
        if (now < flaw_log_due_[kind]) continue;
        flaw_log_due_[kind] = now + flaw_log_every;
        log::warn("records did not become events",
                  {{"reason", name(outgoing.flaw)},
                   {"topic", options_.relays[outgoing.relay].topic},
                   {"event", options_.relays[outgoing.relay].event},
                   {"latest", outgoing.why},
                   {"count", std::exchange(flaws_unlogged_[kind], 0)}});
    }
}

/// A partition that cannot be read where we are: its log was cut, or the topic made anew.
void Feed::on_failed(const kafka::Event& event) {
    if (event.record.topic.empty()) return;  // about brokers: the client says so itself
    log::warn("reading a partition failed", {{"topic", event.record.topic},
                                             {"partition", number(event.record.partition)},
                                             {"error", event.failure->message}});
    trouble_ = event.failure->message;
    clamp_needed_ = true;
    refresh_due_ = Clock::now() + retry_wait;
}

std::uint64_t Feed::records_left() const {
    std::uint64_t left = 0;
    for (const kafka::Position& position : positions_.next()) {
        const auto fetched = consumer_->cached_watermarks(position.where);
        const auto asked = ends_.find(position.where);
        Offset end = fetched ? fetched->high : position.offset;
        if (asked != ends_.end()) end = std::max(end, asked->second);
        left += static_cast<std::uint64_t>(
            std::max<std::int64_t>(number(end) - number(position.offset), 0));
    }
    return left;
}

void Feed::report(Clock::time_point now) {
    pulse_.beat();
    if (!consumer_->reachable())
        ready_.unmet("no Kafka broker answers");
    else if (trouble_)
        ready_.unmet(*trouble_);
    else if (!caught_up_)
        ready_.unmet("reading the recent past");
    else
        ready_.met();
    if (now < tick_due_) return;
    tick_due_ = now + tick_every;
    meters_.lag(records_left());
    meters_.update();
    sink_.tick();
    commit();
}

}  // namespace weir::emitter
