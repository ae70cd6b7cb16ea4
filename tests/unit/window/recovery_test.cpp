// SPDX-License-Identifier: Apache-2.0
// Goal: a stream that is killed at any moment, any number of times, gives the same fates and rows,
// in the same order, once each, as one that never was. Method: a run that commits and crashes at
// random moments (also while it replays, and between two rows of one window), keeping only what
// was committed; compared with the run that did not, on random partitions.
#include <cstdio>
#include <string>
#include <vector>

#include "catch.hpp"
#include "generated.hpp"
#include "seed.hpp"
#include "window/stream.hpp"

using namespace weir;
using namespace weir::window;
using namespace std::chrono_literals;
using window::test::Event;
using window::test::Generator;
using window::test::History;

namespace {

constexpr std::uint64_t options_hash = 0x1234;

/// All that a service would have written for its readers, as text that can be compared.
using Written = std::vector<std::string>;

std::string text_of(const Row& row) {
    std::string text =
        std::to_string(row.window.start.time_since_epoch().count()) + " " + std::string(row.key) +
        " " + std::to_string(row.records) + " " + std::to_string(number(row.first_offset)) + "-" +
        std::to_string(number(row.last_offset)) + " at " +
        std::to_string(row.watermark.time_since_epoch().count()) +
        (row.complete ? "" : " incomplete") + " revision " + std::to_string(row.revision) +
        " end " + std::to_string(row.window.end.time_since_epoch().count());
    for (const Output& value : row.values) {
        if (value.kind == Output::Kind::text || value.kind == Output::Kind::beyond) {
            text += value.kind == Output::Kind::text ? " " + std::string(value.text) : " beyond";
            continue;
        }
        char digits[64];
        std::snprintf(digits, sizeof digits, " %a",
                      value.kind == Output::Kind::float32   ? double{value.float32}
                      : value.kind == Output::Kind::float64 ? value.float64
                                                            : static_cast<double>(value.int64));
        text += value.kind == Output::Kind::null ? " null" : digits;
    }
    return text;
}

std::string text_of(const Verdict& verdict, Offset offset) {
    const char* const fate = verdict.fate == Fate::late       ? " late by "
                             : verdict.fate == Fate::repeated ? " repeated "
                                                              : " used ";
    return std::to_string(number(offset)) + fate +
           std::to_string(verdict.late_by.count()) + " before " +
           std::to_string(verdict.window.end.time_since_epoch().count());
}

/// A service in small: what it wrote since the last commit is lost with it.
class Service {
public:
    Service(const History& history, Generator& generator, LogStart log_start, double crash)
        : history_(history), generator_(generator), log_start_(log_start), crash_(crash) {}

    Written run() {
        while (!live())
            ++crashes;
        return durable_;
    }

    int crashes = 0;
    int replayed_moves = 0;
    int replayed_cursors = 0;

private:
    /// One life. False when it ended in a crash.
    bool live() {
        pending_.clear();
        Stream stream = start();
        std::size_t index = 0;
        for (; index < committed_events_; ++index) {
            const Event& event = history_.events[index];
            if (!event.is_record || event.offset < replay_from_) continue;
            if (crashes_now()) return false;
            if (!take(stream, event)) return false;
        }
        // The end of the replay is told by the next record, or by the end of the history.
        if (index == history_.events.size() || !history_.events[index].is_record)
            stream.reach(index == history_.events.size() ? history_.end
                                                         : history_.events[index].offset);
        for (; index < history_.events.size(); ++index) {
            const Event& event = history_.events[index];
            if (event.is_record) stream.reach(event.offset);
            REQUIRE_FALSE(stream.replaying());
            if (!drain(stream, index)) return false;
            if (crashes_now()) return false;
            if (event.is_record) {
                if (!take(stream, event)) return false;
            } else {
                const auto closed = stream.quiet_close(event.until);
                if (!closed.ok()) pending_.push_back("refused");
            }
            if (!drain(stream, index + 1)) return false;
            if (generator_.chance(0.1)) commit(stream, index + 1);
        }
        if (!drain(stream, index)) return false;
        commit(stream, index);
        return true;
    }

    Stream start() {
        if (committed_text_.empty()) return Stream(history_.options, log_start_);
        const auto committed = decode(committed_text_);
        REQUIRE(committed.ok());
        REQUIRE(committed->options_hash == options_hash);
        replay_from_ = committed->checkpoint.replay_from;
        replayed_moves += static_cast<int>(committed->checkpoint.moves.size());
        replayed_cursors += committed->checkpoint.cursor ? 1 : 0;
        return Stream(history_.options, committed->checkpoint, committed_offset_);
    }

    bool take(Stream& stream, const Event& event) {
        stream.reach(event.offset);
        window::test::Inputs input;
        const Verdict verdict = stream.add(window::test::record_of(event, input));
        REQUIRE(verdict.fate != Fate::full);
        REQUIRE(verdict.muted == stream.replaying());
        if (!verdict.muted) pending_.push_back(text_of(verdict, event.offset));
        return true;
    }

    /// Writes what is due, a few rows at a time, perhaps committing in between.
    bool drain(Stream& stream, std::size_t events_done) {
        while (stream.due()) {
            const auto rows = static_cast<std::size_t>(generator_.between(1, 4));
            stream.close_due(rows, [&](const Row& row) { pending_.push_back(text_of(row)); });
            if (crashes_now()) return false;
            if (generator_.chance(0.1)) commit(stream, events_done);
        }
        // Partial rows change nothing.
        if (generator_.chance(0.05)) stream.visit_changed(3, [](const Row&) {});
        return true;
    }

    void commit(const Stream& stream, std::size_t events_done) {
        const bool at_end = events_done == history_.events.size();
        committed_offset_ = at_end ? history_.end : next_offset(events_done);
        const Checkpoint checkpoint = stream.checkpoint(committed_offset_);
        committed_text_ = encode(checkpoint, options_hash);
        REQUIRE(committed_text_.size() <= checkpoint_bytes(checkpoint));
        REQUIRE(committed_text_.size() <= history_.options.checkpoint_bytes_max);
        REQUIRE(decode(committed_text_)->checkpoint == checkpoint);
        committed_events_ = events_done;
        durable_.insert(durable_.end(), pending_.begin(), pending_.end());
        pending_.clear();
    }

    /// As a consumer would: right after the last record taken, gaps notwithstanding.
    Offset next_offset(std::size_t events_done) const {
        for (std::size_t i = events_done; i > 0; --i)
            if (history_.events[i - 1].is_record) return next(history_.events[i - 1].offset);
        return Offset{0};
    }

    bool crashes_now() { return generator_.chance(crash_); }

    const History& history_;
    Generator& generator_;
    LogStart log_start_;
    double crash_;
    Written pending_;
    Written durable_;
    std::string committed_text_;
    Offset committed_offset_{};
    Offset replay_from_{};
    std::size_t committed_events_ = 0;
};

}  // namespace

TEST_CASE("a stream that crashes writes what one that never did writes", "[window]") {
    Generator generator(weir::test::random_engine());
    for (const Kind kind : Generator::kinds) {
        int crashes = 0;
        int moves = 0;
        int cursors = 0;
        std::ptrdiff_t refused = 0;
        std::ptrdiff_t revisions = 0;
        std::ptrdiff_t repeated = 0;
        for (int i = 0; i < 1000; ++i) {
            CAPTURE(kind, i);
            History history = generator.history(200, kind);
            if (generator.chance(0.3)) {
                // Many quiet closes while one window stays open: until the checkpoint is full.
                history.options.size = 1s;
                history.options.every = 250ms;
                history.options.grace = 600s;
                history.options.checkpoint_bytes_max = 165;
            }
            const LogStart log_start = generator.chance(0.3) ? LogStart::cut : LogStart::whole;
            Service quiet_life(history, generator, log_start, 0);
            const Written expected = quiet_life.run();
            Service service(history, generator, log_start, generator.chance(0.5) ? 0.02 : 0.001);
            const Written written = service.run();
            REQUIRE(written == expected);
            crashes += service.crashes;
            moves += service.replayed_moves;
            cursors += service.replayed_cursors;
            refused += std::count(expected.begin(), expected.end(), "refused");
            repeated += std::count_if(expected.begin(), expected.end(), [](const auto& verdict) {
                return verdict.find("repeated") != std::string::npos;
            });
            revisions += std::count_if(expected.begin(), expected.end(), [](const auto& row) {
                return row.find("revision") != std::string::npos &&
                       row.find("revision 0") == std::string::npos;
            });
        }
        // The test must not pass by never getting there.
        CAPTURE(kind);
        CHECK(crashes > 300);
        CHECK(moves > 20);
        CHECK(cursors > 20);
        CHECK(refused > 0);
        CHECK(revisions > 20);
        CHECK(repeated > 1000);
    }
}
