// SPDX-License-Identifier: Apache-2.0
// Goal: a record counts once where it falls, for each kind of window, and nothing else changes with
// its repetition. Method: a few records at seconds after noon, each with an id; rows as text,
// `start-end xRECORDS`, with `rN` where N is not 0, and `?` where there were too many ids.
#include <fmt/format.h>

#include <iterator>
#include <string>

#include "catch.hpp"
#include "window/stream.hpp"

using namespace weir;
using namespace weir::window;
using namespace std::chrono_literals;

namespace {

constexpr EventTime noon = std::chrono::sys_days{std::chrono::year{2024} / 10 / 7} + 12h;

Options options(Kind kind, Duration size, Duration every = {}) {
    return {
        .kind = kind,
        .size = size,
        .every = every,
        .grace = 20s,
        .aggregates = *Aggregates::compile({{"sum", Function::sum, 0, FieldType::int64},
                                            {"newest", Function::last, 0, FieldType::int64}}),
        .ids_max = 100};
}

Options kept(Options options) {
    options.grace = {};
    options.accept_late = 60s;
    return options;
}

class Feed {
public:
    explicit Feed(Options options) : stream(std::move(options)) {}
    explicit Feed(Stream given) : stream(std::move(given)) {}

    /// What becomes of a record; rows() has what came out with it.
    Fate operator()(Duration after_noon, Input id, std::string_view key = "a") {
        rows_.clear();
        const Input input = Input::of_integer(1);
        last = stream.take({.offset = Offset{offset++},
                            .time = noon + after_noon,
                            .key = key,
                            .inputs = {&input, 1},
                            .id = id},
                           [this](const Row& row) { see(row); });
        return last.fate;
    }
    Fate operator()(Duration after_noon, std::int64_t id, std::string_view key = "a") {
        return (*this)(after_noon, Input::of_integer(id), key);
    }

    std::string quiet(Duration after_noon = 1h) {
        rows_.clear();
        REQUIRE(stream.quiet_close(noon + after_noon).ok());
        while (stream.due())
            stream.close_due(1, [this](const Row& row) { see(row); });
        return rows_;
    }

    std::string partial() {
        rows_.clear();
        stream.visit_changed(SIZE_MAX, [this](const Row& row) { see(row); });
        return rows_;
    }

    [[nodiscard]] const std::string& rows() const { return rows_; }

    Stream stream;
    Verdict last;
    std::int64_t offset = 0;

private:
    static std::string seconds(EventTime time) {
        return fmt::format("{:g}", std::chrono::duration<double>(time - noon).count());
    }

    void see(const Row& row) {
        const bool beyond = row.values[0].kind == Output::Kind::beyond;
        CHECK((row.values[1].kind == Output::Kind::beyond) == beyond);
        if (!beyond) CHECK(row.values[0].int64 == static_cast<std::int64_t>(row.records));
        if (!rows_.empty()) rows_ += ", ";
        rows_ += seconds(row.window.start) + "-" + seconds(row.window.end) +
                 fmt::format(" x{}{}", row.records, beyond ? "?" : "");
        if (row.revision > 0) rows_ += fmt::format(" r{}", row.revision);
    }

    std::string rows_;
};

}  // namespace

TEST_CASE("a tumbling window takes each id of a key once", "[window]") {
    Feed feed(options(Kind::tumbling, 10s));
    CHECK(feed(1s, 17) == Fate::used);
    CHECK(feed(1s, 17) == Fate::repeated);
    CHECK(feed(7s, 17) == Fate::repeated);
    CHECK(feed.last.window == Window{noon, noon + 10s});
    CHECK(feed(2s, 18) == Fate::used);
    CHECK(feed(3s, 17, "b") == Fate::used);
    // The next window knows nothing of it.
    CHECK(feed(11s, 17) == Fate::used);
    CHECK(feed.quiet() == "0-10 x2, 0-10 x1, 10-20 x1");
}

TEST_CASE("an integer and a text are never the same id", "[window]") {
    Feed feed(options(Kind::tumbling, 10s));
    CHECK(feed(1s, 17) == Fate::used);
    CHECK(feed(1s, Input::of_text("17")) == Fate::used);
    CHECK(feed(1s, Input::of_text("\"17\"")) == Fate::used);
    CHECK(feed(1s, Input::of_text("17")) == Fate::repeated);
    CHECK(feed(1s, Input::of_text("a text that is longer than what fits into a word")) ==
          Fate::used);
    CHECK(feed(1s, Input::of_text("a text that is longer than what fits into a word")) ==
          Fate::repeated);
}

TEST_CASE("a repeated record moves the watermark, and is late before it is repeated", "[window]") {
    Feed feed(options(Kind::tumbling, 60s));
    feed(1s, 17);
    feed(50s, 17);
    CHECK(feed.last.fate == Fate::repeated);
    CHECK(feed.stream.watermark() == noon + 30s);
    CHECK(feed(80s, 18) == Fate::used);
    CHECK(feed.rows() == "0-60 x1");
    CHECK(feed(1s, 17) == Fate::late);
}

TEST_CASE("a repeated record makes no revision and shows nothing anew", "[window]") {
    for (const Kind kind : {Kind::tumbling, Kind::hopping, Kind::sliding, Kind::session}) {
        CAPTURE(kind);
        Feed feed(kept(options(kind, 10s, 5s)));
        feed(1s, 17);
        feed(25s, 18);
        feed.partial();
        CHECK(feed(1s, 17) == Fate::repeated);
        CHECK(feed.partial().empty());
        CHECK(feed.quiet().find('r') == std::string::npos);
        Feed other(kept(options(kind, 10s, 5s)));
        other(1s, 17);
        other(25s, 18);
        CHECK(other(1s, 19) == Fate::used);
        CHECK(other.quiet().find("r1") != std::string::npos);
    }
}

TEST_CASE("hopping windows take each id once in a slice", "[window]") {
    Feed feed(options(Kind::hopping, 10s, 5s));
    feed(1s, 17);
    CHECK(feed(4s, 17) == Fate::repeated);
    CHECK(feed.last.window == Window{noon, noon + 10s});
    // Another slice, although one window holds both.
    CHECK(feed(6s, 17) == Fate::used);
    CHECK(feed.quiet() == "-5-5 x1, 0-10 x2, 5-15 x1");
}

TEST_CASE("sliding windows take each id once in a millisecond", "[window]") {
    Feed feed(options(Kind::sliding, 10s));
    feed(1s, 17);
    CHECK(feed(1000900us, 17) == Fate::repeated);
    CHECK(feed(1001ms, 17) == Fate::used);
    CHECK(feed.quiet() == "-9-1.001 x1, -8.999-1.002 x2, 1.001-11.002 x1");
}

TEST_CASE("a session takes each id once and lasts as if it had taken it again", "[window]") {
    Feed feed(options(Kind::session, 10s));
    feed(0s, 17);
    CHECK(feed(8s, 17) == Fate::repeated);
    CHECK(feed.last.window == Window{noon, noon + 18s});
    CHECK(feed.partial() == "0-18 x1");
    CHECK(feed(17s, 18) == Fate::used);
    CHECK(feed.quiet() == "0-27 x2");
}

TEST_CASE("sessions that become one have the ids of both", "[window]") {
    Feed feed(options(Kind::session, 10s));
    feed(0s, 17);
    feed(18s, 18);
    // Between them, and known to one.
    CHECK(feed(9s, 18) == Fate::repeated);
    CHECK(feed.stream.open_windows() == 1);
    CHECK(feed(19s, 17) == Fate::repeated);
    CHECK(feed(19s, 19) == Fate::used);
    CHECK(feed.quiet() == "0-29 x3");
}

TEST_CASE("what was used before sessions became one stays", "[window]") {
    Feed feed(options(Kind::session, 10s));
    CHECK(feed(0s, 17) == Fate::used);
    CHECK(feed(18s, 17) == Fate::used);
    feed(9s, 18);
    CHECK(feed.quiet() == "0-28 x3");
}

TEST_CASE("a repeated record is taken where no window may be opened", "[window]") {
    for (const Kind kind : {Kind::tumbling, Kind::hopping, Kind::sliding, Kind::session}) {
        CAPTURE(kind);
        Options bounded = options(kind, 10s, 5s);
        bounded.open_windows_max = 1;
        Feed feed(bounded);
        feed(1s, 17);
        CHECK(feed(1s, 17) == Fate::repeated);
        CHECK(feed(1s, 17, "b") == Fate::full);
    }
}

TEST_CASE("a window with more ids than are kept has no results and says so", "[window]") {
    for (const Kind kind : {Kind::tumbling, Kind::hopping, Kind::sliding, Kind::session}) {
        CAPTURE(kind);
        Options few = options(kind, 10s, 10s);
        few.ids_max = 2;
        Feed feed(few);
        feed(1s, 17);
        feed(1s, 18);
        CHECK(feed(1s, 18) == Fate::repeated);
        feed(100s, 17);
        CHECK(feed.rows().find(" x2") != std::string::npos);
        CHECK(feed.rows().find('?') == std::string::npos);
        feed(100s, 18);
        feed(100s, 19);
        // Nobody knows any more.
        CHECK(feed(100s, 17) == Fate::used);
        CHECK(feed.partial().find(" x4?") != std::string::npos);
        CHECK(feed.quiet().find(" x4?") != std::string::npos);
        CHECK(feed.stream.memory_bytes() < 10'000);
    }
}

TEST_CASE("sessions that become one may have more ids than are kept", "[window]") {
    Options few = options(Kind::session, 10s);
    few.ids_max = 2;
    Feed feed(few);
    feed(0s, 17);
    feed(1s, 18);
    feed(15s, 19);
    CHECK(feed(8s, 19) == Fate::used);
    CHECK(feed.quiet() == "0-25 x4?");
}

TEST_CASE("ids are counted as memory and go with their window", "[window]") {
    for (const Kind kind : {Kind::tumbling, Kind::hopping, Kind::sliding, Kind::session}) {
        CAPTURE(kind);
        Options many = options(kind, 10s, 10s);
        many.ids_max = 1'000'000;
        Feed feed(many);
        for (std::int64_t id = 0; id < 10'000; ++id)
            feed(1s, id);
        const std::size_t numbers = feed.stream.memory_bytes();
        CHECK(numbers > 90'000);
        for (std::int64_t id = 0; id < 10'000; ++id) {
            const std::string text = fmt::format("\"2024-10-07T12:00:00.{:06}Z\"", id);
            feed(1s, Input::of_text(text));
        }
        CHECK(feed.stream.memory_bytes() > numbers + 600'000);
        feed(1h, 0);
        CHECK(feed.stream.memory_bytes() < 50'000);
    }
}

TEST_CASE("a session that a replay sees without its first record is gone as it was", "[window]") {
    // Were a session not to last for a record that comes again, it would be written after the third
    // of these; a replay from the second one on takes that record for new, and would write a
    // session of it.
    struct Event {
        Duration after_noon;
        std::int64_t id;
        const char* key;
    };
    const Event events[] = {
        {0s, 17, "a"}, {5s, 1, "b"}, {9s, 17, "a"}, {12s, 2, "b"}, {18s, 3, "b"},
        {20s, 4, "b"}, {29s, 5, "b"}, {33s, 6, "a"}, {60s, 7, "b"},
    };
    Options with = options(Kind::session, 10s);
    with.grace = {};
    const auto count = static_cast<std::int64_t>(std::size(events));
    for (std::int64_t committed = 0; committed < count; ++committed) {
        CAPTURE(committed);
        Feed whole(with);
        const auto take = [&](Feed& feed) {
            const Event& event = events[feed.offset];
            return feed(event.after_noon, event.id, event.key);
        };
        while (whole.offset < committed)
            take(whole);
        const Checkpoint checkpoint = whole.stream.checkpoint(Offset{committed});
        Feed again(Stream(with, checkpoint, Offset{committed}));
        again.offset = number(checkpoint.replay_from);
        while (again.offset < committed)
            take(again);
        while (whole.offset < count) {
            CHECK(take(again) == take(whole));
            CHECK(again.rows() == whole.rows());
        }
    }
}
