// SPDX-License-Identifier: Apache-2.0
#include "bounded.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "base/units.hpp"
#include "file_input.hpp"
#include "output.hpp"
#include "row_sink.hpp"
#include "topic_input.hpp"
#include "topics.hpp"

namespace weir::aggregator {
namespace {

/// Dead records without a topic of their own that are named one by one.
constexpr std::uint64_t dead_said_max = 10;

bool table_on_terminal(const Options& options) {
    return options.results == "-" && ::isatty(STDOUT_FILENO) == 1;
}

}  // namespace

BoundedRun::BoundedRun(const Options& options, runtime::Service& service, Instruments& instruments)
    : options_(options),
      service_(service),
      instruments_(instruments),
      reader_(options),
      clocks_(key_fields(options).size(), options.skewed_keys),
      progress_(std::chrono::steady_clock::now(), table_on_terminal(options)),
      now_(std::chrono::steady_clock::now()),
      came_on_(now_) {}

bool BoundedRun::patient() const {
    return !service_.stop().stop_requested() &&
           std::chrono::steady_clock::now() - came_on_ < options_.stall_timeout;
}

Error BoundedRun::stopped(const Outbox& outbox) const {
    return Error{
        fmt::format("stopped before the end of the input, after {} records: what was "
                    "written is not all",
                    total_.input + outbox.tally.input)};
}

Result<void> BoundedRun::run(BoundedInput& input, Outlet& outlet) {
    Outbox outbox(options_, outlet, service_.origin());
    Workshop workshop{reader_, keys_, clocks_, outbox, [&] {
                          came_on_ = std::chrono::steady_clock::now();
                          if (service_.stop().stop_requested())
                              outbox.fail({kafka::Meaning::fatal, 0, stopped(outbox).message});
                      }};
    while (true) {
        const auto stream = input.next_stream();
        if (!stream) return stream.error();
        if (!*stream) break;
        auto read = read_stream(input, **stream, workshop);
        count(input, outbox);
        if (!read) return read;
    }
    WEIR_ASSERT(total_.input == total_.used + total_.late + total_.dead + total_.filtered(),
                "every record has one of four fates");
    return {};
}

Result<void> BoundedRun::read_stream(BoundedInput& input, const BoundedInput::Stream& stream,
                                     Workshop& workshop) {
    Lane lane(stream.where, plan_bounded(options_, reader_.aggregates(), stream.from), std::nullopt,
              now_);
    for (bool last = false; !last;) {
        if (service_.stop().stop_requested()) return stopped(workshop.outbox);
        const auto batch = input.read();
        if (!batch) return batch.error();
        now_ = std::chrono::steady_clock::now();
        last = batch->last;
        if (last || !batch->records.empty()) came_on_ = now_;
        if (!options_.input.empty() && now_ - came_on_ > options_.stall_timeout)
            return Error{fmt::format("nothing came for {}: partition {} of {} stands at offset {}",
                                     format_duration(options_.stall_timeout),
                                     number(stream.where.partition), stream.where.topic,
                                     number(lane.next()))};
        for (const kafka::RecordView& record : batch->records)
            if (auto taken = take(input, record, lane, workshop); !taken) return taken;
        if (progress_.due(now_)) count(input, workshop.outbox);
    }
    lane.finish(workshop);
    if (const auto failure = workshop.outbox.take_failure()) return Error{failure->message};
    return {};
}

Result<void> BoundedRun::take(const BoundedInput& input, const kafka::RecordView& record,
                              Lane& lane, Workshop& workshop) {
    Outbox& outbox = workshop.outbox;
    const std::uint64_t dead_before = outbox.tally.dead;
    lane.take(record, workshop, now_);
    if (const auto failure = outbox.take_failure()) return Error{failure->message};
    if (lane.stalled())
        return Error{fmt::format("{}: {} windows are open; raise --open-windows-max",
                                 input.place(record), lane.stream().open_windows())};
    if (outbox.tally.dead > dead_before && options_.dead_letter.empty()) say_dead(input, record);
    return {};
}

/// The reason is asked for once more: it follows from the record alone.
void BoundedRun::say_dead(const BoundedInput& input, const kafka::RecordView& record) {
    if (dead_said_ == dead_said_max) return;
    ++dead_said_;
    progress_.clear();
    const auto reading = reader_.read(record.value, record.timestamp_ms);
    log::warn(dead_said_ < dead_said_max ? "a record is no reading"
                                         : "a record is no reading; further ones are only counted",
              {{"at", input.place(record)}, {"reason", reading.error().message}});
}

void BoundedRun::count(BoundedInput& input, Outbox& outbox) {
    const Tally tally = std::exchange(outbox.tally, {});
    total_ += tally;
    instruments_.counted(tally);
    instruments_.show(clocks_.worst());
    if (progress_.due(now_)) progress_.show(input.measure(), total_.input, now_);
}

void BoundedRun::report() {
    progress_.clear();
    log::info("read to the end", {{"input", total_.input},
                                  {"used", total_.used},
                                  {"late", total_.late},
                                  {"dead", total_.dead},
                                  {"filtered", total_.filtered()},
                                  {"results", total_.results},
                                  {"revisions", total_.revisions},
                                  {"incomplete", total_.incomplete}});
    if (total_.scattered > 0 && !options_.input.empty())
        log::error(
            "the grouping field does not determine the record key: windows of one group are "
            "spread over partitions and come out in parts; key the topic by it",
            {{"records", total_.scattered}});
    if (total_.late > 0 && options_.files.size() > 1)
        log::warn(
            "readings came late: several files are read one after the other; files that "
            "lie beside each other in time are to be read one by one, or with more --grace",
            {{"late", total_.late}});
}

Result<void> run_bounded(const Options& options, runtime::Service& service) {
    Instruments instruments(service.metrics());
    BoundedRun run(options, service, instruments);
    const auto patient = [&] { return run.patient(); };

    std::optional<Output> topics;
    if (!options.output.empty() || !options.late.empty() || !options.dead_letter.empty()) {
        auto opened = Output::open(options, Output::no_transactions, patient);
        if (!opened) return Error{opened.error().message};
        topics.emplace(std::move(*opened));
    }
    if (topics || !options.input.empty())
        if (auto there = require_topics(options, patient); !there) return there;
    std::unique_ptr<RowSink> rows;
    if (!options.results.empty()) {
        auto opened = RowSink::open(options, topics ? &*topics : nullptr);
        if (!opened) return opened.error();
        rows = std::move(*opened);
    }
    auto input =
        options.input.empty() ? FileInput::open(options) : TopicInput::open(options, patient);
    if (!input) return input.error();

    Outlet& outlet = rows ? static_cast<Outlet&>(*rows) : *topics;
    if (auto done = run.run(**input, outlet); !done) return done;
    if (topics)
        if (auto settled = topics->settle(); !settled) return Error{settled.error().message};
    if (rows)
        if (auto finished = rows->finish(); !finished) return finished;
    run.report();
    return {};
}

}  // namespace weir::aggregator
