// SPDX-License-Identifier: Apache-2.0
// Goal: an audit agrees with windows that are right and not with any that were tampered with, for
// every kind of window and with closes by the clock. Method: a random stream through
// window::Stream, as the aggregator has it; its rows and verdicts are the evidence, whole and with
// one thing changed at a time. The seed is printed.
#include "partition_audit.hpp"

#include <fmt/format.h>

#include <memory>
#include <random>

#include "../seed.hpp"
#include "aggregation/result.hpp"
#include "catch.hpp"
#include "window/stream.hpp"

using namespace weir;
using namespace weir::audit;
using namespace std::chrono_literals;

namespace {

struct Case {
    const char* name;
    std::optional<std::chrono::milliseconds> window, every;
    bool sliding = false;
    std::optional<std::chrono::milliseconds> session_gap;
    std::chrono::milliseconds accept_late{0};
    std::uint64_t ids_max = 0;  ///< 0: no --distinct-by
};

const Case cases[] = {
    {"tumbling", 4s, {}},
    {"tumbling, accept late", 4s, {}, false, {}, 9s},
    {"hopping", 6s, 4s},
    {"hopping, accept late", 6s, 2s, false, {}, 7s},
    {"sliding", 1500ms, {}, true},
    {"sliding, accept late", 1500ms, {}, true, {}, 5s},
    {"session", {}, {}, false, 900ms},
    {"session, accept late", {}, {}, false, 900ms, 8s},
    {"tumbling, distinct", 4s, {}, false, {}, 0s, 10'000},
    {"tumbling, accept late, distinct", 4s, {}, false, {}, 9s, 20},
    {"hopping, distinct", 6s, 4s, false, {}, 0s, 25},
    {"hopping, accept late, distinct", 6s, 2s, false, {}, 7s, 10'000},
    {"sliding, distinct", 1500ms, {}, true, {}, 0s, 1},
    {"sliding, accept late, distinct", 1500ms, {}, true, {}, 5s, 10'000},
    {"session, distinct", {}, {}, false, 900ms, 0s, 10'000},
    {"session, accept late, distinct", {}, {}, false, 900ms, 8s, 40},
};

aggregation::Rules rules_of(const Case& item) {
    aggregation::Rules rules;
    rules.key = {"k"};
    rules.time = "t";
    rules.window = item.window;
    rules.every = item.every;
    rules.sliding = item.sliding;
    rules.session_gap = item.session_gap;
    rules.accept_late = item.accept_late;
    rules.grace = 2s;
    rules.max_ahead.reset();
    if (item.ids_max > 0) {
        rules.distinct_by = "id";
        rules.distinct_by_values_max = item.ids_max;
    }
    for (const char* text : {"n=count()", "sum=sum(v)", "sd=stddev(v)", "last=last(v)"})
        rules.aggregates.push_back(*config::Codec<aggregation::AggregateSpec>::parse(text));
    return rules;
}

struct Input {
    Offset offset;
    std::string value;
};

/// A run of the aggregator's windows over a random stream, and what it left behind.
struct Run {
    aggregation::Rules rules;
    aggregation::Reader reader{rules};
    std::vector<Input> input;
    std::vector<WrittenRow> rows;
    std::vector<Original> late;
    std::vector<Original> dead;
    std::uint64_t repeated = 0;
    std::optional<window::Checkpoint> checkpoint;
    Offset end{};

    explicit Run(const Case& item) : rules(rules_of(item)) {}

    void go(std::mt19937_64& random, bool with_clock);
    Counts audit(Findings& findings);

private:
    void add_row(const window::Row& row);
};

void Run::add_row(const window::Row& row) {
    aggregation::ResultWriter writer(rules);
    const auto list = writer.headers(row, "in", Partition{0}, "test");
    auto made = read_headers([&](std::string_view name) -> std::optional<std::string_view> {
        for (const kafka::Header& header : list.views())
            if (header.name == name) return header.value;
        return std::nullopt;
    });
    REQUIRE(made.ok());
    made->key = writer.key(row);
    made->value = writer.value(row);
    made->offset = Offset{static_cast<std::int64_t>(rows.size())};
    rows.push_back(std::move(*made));
}

void Run::go(std::mt19937_64& random, bool with_clock) {
    window::Stream stream({.kind = rules.kind(),
                           .size = rules.size(),
                           .every = rules.every.value_or(0ms),
                           .grace = rules.grace,
                           .accept_late = rules.accept_late,
                           .aggregates = reader.aggregates(),
                           .ids_max = rules.ids_max()});
    const auto upto = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
    const auto drain = [&] {
        while (stream.due())
            stream.close_due(SIZE_MAX, [&](const window::Row& row) { add_row(row); });
    };
    std::int64_t now_us = 1'728'000'000'000'000;
    std::int64_t offset = 0;
    for (int i = 0; i < 3'000; ++i) {
        offset += upto(20) == 0 ? 3 : 1;
        now_us += upto(10) == 0 ? upto(900'000) : upto(30'000);
        if (with_clock && upto(150) == 0) {
            // Nobody sends for a while, and the clock passes what is open.
            now_us += 5'000'000 + upto(12'000'000);
            REQUIRE(stream.quiet_close(EventTime{std::chrono::microseconds{now_us}} - rules.grace)
                        .ok());
            drain();
        }
        std::int64_t time_us = now_us - upto(1'500'000);
        if (upto(30) == 0) time_us -= upto(20'000'000);
        const bool broken = upto(100) == 0;
        std::string value =
            broken ? "{"
                   : fmt::format(R"({{"k":"k{}","t":{},"id":{},"v":{}}})", upto(4), time_us, i,
                                 upto(9) == 0 ? "null" : fmt::format("{}", upto(999) * 0.1));
        // Sent again, as it was or with the time it came at.
        if (const int back = upto(30); !input.empty() && upto(6) == 0 && back < i) {
            value = input[input.size() - 1 - static_cast<std::size_t>(back) % input.size()].value;
            const std::size_t at = value.find(R"("t":)");
            if (upto(1) == 0 && at != std::string::npos)
                value.replace(at + 4, value.find(',', at) - at - 4, fmt::format("{}", time_us));
        }
        input.push_back({Offset{offset}, value});
        const Original original{.offset = Offset{offset}, .digest = digest_of("key", value)};
        const auto reading = reader.read(value, -1);
        if (!reading) {
            dead.push_back(original);
            continue;
        }
        const auto verdict = stream.add({.offset = Offset{offset},
                                         .time = reading->time,
                                         .key = reading->key,
                                         .inputs = reading->inputs,
                                         .id = reading->id});
        repeated += verdict.fate == window::Fate::repeated;
        if (verdict.fate == window::Fate::late) {
            late.push_back(original);
            late.back().window = {verdict.window.start, verdict.window.end};
            late.back().watermark =
                std::chrono::floor<std::chrono::milliseconds>(verdict.watermark);
        }
        drain();
    }
    end = Offset{offset + 1};
    checkpoint = stream.checkpoint(end);
}

Counts Run::audit(Findings& findings) {
    Evidence evidence{.end = end};
    evidence.checkpoint = checkpoint;
    for (const WrittenRow& row : rows)
        evidence.rows.add(row);
    for (const Original& original : late)
        evidence.late.add(original);
    for (const Original& original : dead)
        evidence.dead.add(original);
    evidence.rows.sort();
    evidence.late.sort();
    evidence.dead.sort();
    PartitionAudit audit(rules, reader, std::move(evidence), findings);
    if (audit.wants_foresight())
        for (const Input& record : input)
            audit.foresee(record.offset, -1, record.value);
    for (const Input& record : input)
        audit.take(record.offset, -1, "key", record.value);
    return audit.finish();
}

/// Audits it, and shows what was found if it is not as expected.
Counts judged(Run& run) {
    Findings findings(5);
    const Counts counts = run.audit(findings);
    for (const std::string& example : findings.examples())
        UNSCOPED_INFO(example);
    return counts;
}

}  // namespace

TEST_CASE("what is right balances, whatever the kind and the clock", "[audit]") {
    auto random = weir::test::random_engine();
    for (const Case& item : cases) {
        for (const bool with_clock : {false, true}) {
            // A limit, see the README: a first result that the clock lets out late has no trace of
            // how far the clock went.
            if (with_clock && item.accept_late > 0ms) continue;
            for (int round = 0; round < 5; ++round) {
                CAPTURE(item.name, with_clock, round);
                Run run(item);
                run.go(random, with_clock);
                const Counts counts = judged(run);
                CHECK(counts.faults() == 0);
                CHECK(counts.balanced());
                CHECK(counts.input == run.input.size());
                CHECK(counts.rows == run.rows.size());
                CHECK(counts.late == run.late.size());
                CHECK(counts.dead == run.dead.size());
                if (item.ids_max > 0) CHECK((run.repeated > 10 && counts.filtered >= run.repeated));
                CHECK((counts.rows > 100 && counts.late > 0 && counts.used > 1'500));
            }
        }
    }
}

TEST_CASE("without a checkpoint the rows tell of closes by the clock", "[audit]") {
    auto random = weir::test::random_engine();
    for (const Case& item : cases) {
        CAPTURE(item.name);
        if (item.accept_late > 0ms) continue;  // as above
        Run run(item);
        run.go(random, true);
        run.checkpoint.reset();
        CHECK(judged(run).balanced());
    }
}

TEST_CASE("whatever row is lost, doubled or changed is found", "[audit]") {
    auto random = weir::test::random_engine();
    for (const Case& item : cases) {
        for (const bool with_clock : {false, true}) {
            CAPTURE(item.name, with_clock);
            std::unique_ptr<Run> drawn;
            for (int draws = 1;; ++draws) {
                drawn = std::make_unique<Run>(item);
                drawn->go(random, with_clock);
                Findings findings(5);
                const Counts counts = drawn->audit(findings);
                if (counts.balanced()) break;
                for (const std::string& example : findings.examples())
                    UNSCOPED_INFO(example);
                // A limit, as above: a run in which a right row is called wrong is drawn again.
                const bool limit = with_clock && item.accept_late > 0ms && draws < 4;
                REQUIRE((limit && counts.missing == 0 && counts.duplicate == 0));
            }
            Run& whole = *drawn;
            for (int i = 0; i < 4; ++i) {
                const std::size_t at =
                    std::uniform_int_distribution<std::size_t>(0, whole.rows.size() - 1)(random);
                CAPTURE(at);
                const auto changed = [&](auto change) {
                    std::vector<WrittenRow> rows = whole.rows;
                    change(whole.rows);
                    const Counts counts = judged(whole);
                    whole.rows = std::move(rows);
                    return counts;
                };
                // Whether a reading came before the clock closed a window of several it is for is
                // told by the row alone.
                if (!with_clock || !(item.sliding || item.every))
                    CHECK(changed([&](auto& rows) {
                              rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(at));
                          }).faults() > 0);
                CHECK(changed([&](auto& rows) { rows.push_back(rows[at]); }).duplicate == 1);
                CHECK(changed([&](auto& rows) { rows[at].value += ' '; }).wrong == 1);
                CHECK(changed([&](auto& rows) { ++rows[at].count; }).wrong == 1);
                CHECK(changed([&](auto& rows) { rows[at].key = "nobody"; }).wrong >= 1);
            }
        }
    }
}

TEST_CASE("fates that are missing, doubled or made up are found", "[audit]") {
    auto random = weir::test::random_engine();
    for (const Case& item : cases) {
        CAPTURE(item.name);
        Run run(item);
        run.go(random, false);
        for (auto* originals : {&run.late, &run.dead}) {
            const auto kept = *originals;
            originals->push_back(kept.front());
            CHECK(judged(run).duplicate == 1);
            *originals = kept;
            ++originals->front().digest;
            CHECK(judged(run).wrong == 1);
            *originals = kept;
            originals->erase(originals->begin());
            const Counts counts = judged(run);
            CHECK(counts.faults() > 0);
            CHECK((!counts.balanced() && counts.missing > 0));
            *originals = kept;
        }
        // A record that was used is said to be dead.
        Original forged = run.late.front();
        forged.offset = run.input[100].offset;
        forged.digest = digest_of("key", run.input[100].value);
        run.dead.push_back(forged);
        CHECK(judged(run).faults() > 0);
    }
}

TEST_CASE("a table has a line for each partition and one for all", "[audit]") {
    const Counts one{.input = 3, .used = 2, .late = 1, .rows = 2};
    CHECK(table({one, {.input = 1, .dead = 1, .wrong = 1}}) ==
          "partition       input        used        late        dead    filtered        open"
          "        rows     missing   duplicate       wrong\n"
          "        0           3           2           1           0           0           0"
          "           2           0           0           0\n"
          "        1           1           0           0           1           0           0"
          "           0           0           0           1\n"
          "      all           4           2           1           1           0           0"
          "           2           0           0           1\n");
    CHECK(one.balanced());
    CHECK(!Counts{.input = 1}.balanced());
}
