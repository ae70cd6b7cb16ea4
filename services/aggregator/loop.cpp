// SPDX-License-Identifier: Apache-2.0
#include "loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "base/log.hpp"

namespace weir::aggregator {

using namespace std::chrono_literals;
using kafka::Meaning;
using std::chrono::milliseconds;

namespace {

/// How long a step waits for records when nothing else is due: what a stop, a quiet close or a
/// running result may be late by.
constexpr milliseconds idle_wait{100};

constexpr milliseconds observation_interval{1000};

/// How long a key is named for one reading is one to two of these: longer than devices are silent,
/// and than scrapes are apart.
constexpr milliseconds skew_turn{60'000};

/// One question for a partition's end, to a leader that answers in a millisecond if at all.
constexpr milliseconds end_query_timeout{1000};

/// The pause after the first failure in a row, and how often it doubles: up to 3.2 s.
constexpr milliseconds retry_pause_min{50};
constexpr int retry_doublings_max = 6;

/// A step takes milliseconds; the longest wait in it is a commit's, which ends with the
/// transaction's time-out of ten seconds.
constexpr milliseconds pulse_limit{60'000};

/// How long after a stop was requested Kafka is still waited for.
constexpr milliseconds patience_when_stopping{2500};

EventTime wall_clock() {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace

Loop::Loop(const Options& options, runtime::Service& service, kafka::Consumer& consumer,
           Output& output, std::optional<Partials> partials, std::optional<StatusLog> status_log,
           Instruments& instruments)
    : options_(options),
      service_(service),
      consumer_(consumer),
      output_(output),
      partials_(std::move(partials)),
      status_log_(std::move(status_log)),
      instruments_(instruments),
      kafka_ready_(service.health().condition("kafka")),
      partitions_ready_(service.health().condition("partitions")),
      pulse_(service.health().pulse("loop", pulse_limit)),
      reader_(options),
      clocks_(key_fields(options).size(), options.skewed_keys),
      outbox_(options, output, service.origin()),
      workshop_{reader_, keys_, clocks_, outbox_, [this] {
                    if (output_.pending() >= options_.commit_records_max) commit();
                }} {}

bool Loop::patient() {
    const Steady now = std::chrono::steady_clock::now();
    pulse_.beat(now);
    watch_brokers();
    if (!service_.stop().stop_requested()) return true;
    if (!stopping_since_) stopping_since_ = now;
    return now - *stopping_since_ < patience_when_stopping;
}

Result<void> Loop::run() {
    if (auto ready = output_.init(); !ready) {
        if (service_.stop().stop_requested()) return {};
        return Error{ready.error().message};
    }
    if (auto joined = consumer_.subscribe({options_.input}); !joined)
        return Error{joined.error().message};
    while (!service_.stop().stop_requested() && !fatal_)
        step();
    const bool stopped = service_.stop().stop_requested();
    if (fatal_ && !stopped) return *fatal_;
    if (!fatal_) commit();
    std::string reason = fatal_ ? fatal_->message : "";
    if (const auto failure = outbox_.take_failure())
        reason = failure->message;
    else if (reason.empty() && output_.pending() > 0)
        reason = "no broker can be reached";
    if (!reason.empty())
        log::warn("stopped without a last commit; the next start repeats what is missing",
                  {{"reason", reason}});
    consumer_.close();
    return {};
}

void Loop::step() {
    const auto events = consumer_.poll(wait(std::chrono::steady_clock::now()));
    const Steady now = std::chrono::steady_clock::now();
    pulse_.beat(now);
    workshop_.wall = wall_clock();
    caught_up_ = events.size() < kafka::ConsumerSettings{}.batch_records_max;
    for (const kafka::Event& event : events) {
        if (outbox_.failed()) break;
        take(event, now);
    }
    output_.poll();
    if (!outbox_.failed()) close_quietly(now);
    if (status_log_ && !outbox_.failed()) judge_absence(now);
    if (!outbox_.failed() && commit_due(now)) commit();
    answer_rebalances();
    if (outbox_.failed()) start_over();
    rebuild();
    observe(now);
    if (const auto failure = consumer_.fatal()) fatal_ = Error{failure->message};
}

milliseconds Loop::wait(Steady now) const {
    if (output_.pending() == 0) return idle_wait;
    const auto left = last_commit_ + options_.commit_linger - now;
    return std::clamp(std::chrono::ceil<milliseconds>(left), milliseconds{0}, idle_wait);
}

Lane* Loop::lane(const kafka::RecordView& record) const {
    const auto index = static_cast<std::size_t>(number(record.partition));
    return index < lanes_.size() ? lanes_[index].get() : nullptr;
}

template <typename Visit>
void Loop::for_each_lane(Visit visit) const {
    for (const auto& lane : lanes_)
        if (lane) visit(*lane);
}

void Loop::take(const kafka::Event& event, Steady now) {
    if (event.kind == kafka::Event::Kind::failed) {
        if (event.failure->meaning != Meaning::retriable) outbox_.fail(*event.failure);
        return;
    }
    Lane* const lane = this->lane(event.record);
    // Given up, about to be built up again, or standing still.
    if (lane == nullptr || lane->stalled()) return;
    if (event.record.offset < lane->next())
        return outbox_.fail({Meaning::needs_abort, 0, "the consumer went back in the log"});
    if (event.kind == kafka::Event::Kind::record)
        lane->take(event.record, workshop_, now);
    else
        lane->reach_end(event.record.offset, workshop_, now);
    if (lane->stalled()) stall(*lane);
}

void Loop::stall(Lane& lane) {
    const std::vector partitions{lane.where()};
    if (auto paused = consumer_.pause(partitions); !paused) return outbox_.fail(paused.error());
    const std::string reason = fmt::format(
        "partition {} stands still at offset {}: {} windows are open; raise "
        "--open-windows-max and start again",
        number(lane.where().partition), number(lane.next()), lane.stream().open_windows());
    log::error(reason);
    partitions_ready_.unmet(reason);
}

/// Silence is only heard while the brokers can be: before windows close, the partition's leader is
/// asked whether the end is still where we saw it, and after an outage idle time begins anew. A
/// leader that does not answer ends the turn: the group must not wait for several of them.
void Loop::close_quietly(Steady now) {
    const EventTime until = wall_clock() - options_.grace;
    const bool deaf = !consumer_.reachable();
    bool answered = true;
    for_each_lane([&](Lane& lane) {
        if (deaf) return lane.restart_idle(now);
        if (!answered) return;
        const auto log = consumer_.cached_watermarks(lane.where());
        const auto high = log ? std::optional(log->high) : std::nullopt;
        if (outbox_.failed() || !lane.may_close_quietly(high, options_.idle, now, until)) return;
        const auto asked = consumer_.query_watermarks(lane.where(), end_query_timeout);
        answered = asked.ok();
        if (asked && asked->high == lane.next())
            lane.close_quietly(until, workshop_);
        else
            lane.restart_idle(now);
    });
}

/// Who is silent is judged as of a moment: the clock is read, then the partition's leader is asked
/// for its end, and once everything before that has been taken whoever was to send by then and did
/// not is missing. Being behind, at any speed, raises no alarm.
void Loop::judge_absence(Steady now) {
    const bool deaf = !consumer_.reachable();
    bool answered = true;
    for_each_lane([&](Lane& lane) {
        if (deaf) return lane.lose_contact(now);
        lane.judge_absence(workshop_);
        if (!answered || outbox_.failed()) return;
        const EventTime wall = wall_clock();
        if (!lane.misses_somebody(options_.idle, now, wall)) return;
        const auto asked = consumer_.query_watermarks(lane.where(), end_query_timeout);
        answered = asked.ok();
        if (!asked) return lane.lose_contact(now);
        // Under an open transaction the end is further on than we may read.
        const auto log = consumer_.cached_watermarks(lane.where());
        lane.judge_absence_at(log ? std::max(asked->high, log->high) : asked->high, wall);
    });
}

/// Soon when somebody waits for what was written: at once after a quiet moment, in company while
/// the topic is read at full speed. Lazily when only offsets have moved.
bool Loop::commit_due(Steady now) const {
    const auto since = now - last_commit_;
    return since >= (output_.pending() > 0 ? options_.commit_linger : options_.commit_interval);
}

void Loop::commit() {
    // While no broker answers a commit would only keep the loop from everything else.
    if (outbox_.failed() || !fingerprint_ || !output_.reachable()) return;
    std::vector<kafka::Position> positions;
    std::vector<Lane*> lanes;
    for_each_lane([&](Lane& lane) {
        if (!lane.dirty()) return;
        lane.note_attendance(workshop_);
        positions.push_back(lane.position(*fingerprint_));
        lanes.push_back(&lane);
    });
    if (outbox_.failed()) return;
    const Steady began = std::chrono::steady_clock::now();
    last_commit_ = began;
    if (positions.empty()) {
        WEIR_ASSERT(output_.pending() == 0, "what was written belongs to a partition we own");
        return;
    }
    if (auto outcome = output_.commit(positions, consumer_); !outcome)
        return outbox_.fail(outcome.error());
    last_commit_ = std::chrono::steady_clock::now();
    failures_in_a_row_ = 0;
    for (Lane* lane : lanes)
        lane->on_committed();
    if (outbox_.tally.scattered > 0 && !std::exchange(scattered_said_, true))
        log::error(
            "the grouping field does not determine the record key: windows of one group "
            "are spread over partitions and come out in parts; key the topic by it",
            {{"key", fmt::format("{}", fmt::join(options_.key, ","))}});
    instruments_.committed(std::exchange(outbox_.tally, {}),
                           std::chrono::duration<double>(last_commit_ - began).count());
}

/// Throws away what was done since the last commit. The partitions are taken over again by
/// rebuild(), unless the group takes them away first.
void Loop::start_over() {
    const auto failure = outbox_.take_failure();
    lanes_.clear();
    outbox_.tally = {};
    instruments_.aborted();
    if (failure->meaning == Meaning::fatal || failure->meaning == Meaning::rejected) {
        fatal_ = Error{failure->message};
        return;
    }
    log::warn("starting over from the last commit", {{"reason", failure->message}});
    // Twice as long each time, so that what fails every time does not keep the brokers busy.
    const auto pause = retry_pause_min * (1 << std::min(failures_in_a_row_++, retry_doublings_max));
    rebuild_not_before_ = std::chrono::steady_clock::now() + pause;
    partitions_ready_.unmet("windows are being built up again");
    if (auto aborted = output_.abort(); !aborted) fatal_ = Error{aborted.error().message};
}

/// Also while a commit waits for brokers that went away under it.
void Loop::watch_brokers() {
    if (consumer_.reachable() && output_.reachable())
        kafka_ready_.met();
    else
        kafka_ready_.unmet("no broker can be reached");
}

void Loop::observe(Steady now) {
    if (partials_) {
        partials_->poll();
        if (caught_up_ && partials_->due(now))
            for_each_lane([&](Lane& lane) { partials_->visit(lane); });
    }
    if (now < next_observation_) return;
    next_observation_ = now + observation_interval;
    watch_brokers();

    Instruments::Overview overview{.partitions = owned_.size()};
    const EventTime wall = wall_clock();
    const auto raise_to = [](double& seconds, auto duration) {
        seconds = std::max(seconds, std::chrono::duration<double>(duration).count());
    };
    std::uint64_t replayed = 0;
    for_each_lane([&](Lane& lane) {
        const window::Stream& stream = lane.stream();
        const auto behind = [&](Offset goal) {
            return static_cast<std::uint64_t>(
                std::max<std::int64_t>(number(goal) - number(lane.next()), 0));
        };
        if (lane.stalled()) ++overview.stalled;
        overview.open_windows += stream.open_windows();
        overview.window_bytes += stream.memory_bytes();
        if (const auto& attendance = lane.attendance()) {
            overview.expected_keys += attendance->known();
            overview.missing_keys += attendance->missing();
        }
        replayed += lane.replayed();
        if (lane.replaying()) {
            ++overview.replaying;
            overview.replay_records_left += behind(lane.committed_offset().value_or(lane.next()));
        }
        if (const auto log = consumer_.cached_watermarks(lane.where()))
            overview.lag_records += behind(log->high);
        if (stream.watermark() != window::no_watermark)
            raise_to(overview.watermark_lag_seconds, wall - stream.watermark());
        if (const auto end = stream.next_rows())
            raise_to(overview.overdue_seconds, wall - options_.grace - *end);
    });
    if (replayed > replayed_shown_) instruments_.replayed(replayed - replayed_shown_);
    replayed_shown_ = replayed;
    instruments_.show(overview);
    instruments_.show(clocks_.worst());
    if (now < next_skew_turn_) return;
    next_skew_turn_ = now + skew_turn;
    clocks_.turn();
}

}  // namespace weir::aggregator
