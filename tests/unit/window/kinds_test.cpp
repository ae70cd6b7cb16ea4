// SPDX-License-Identifier: Apache-2.0
// Goal: the rules of each kind of window, one per case, as a person would check them. Method: a few
// records at seconds after noon; rows as text, `start-end xRECORDS`, with `rN` where N is not 0.
#include <string>

#include <fmt/format.h>

#include "catch.hpp"
#include "window/stream.hpp"

using namespace weir;
using namespace weir::window;
using namespace std::chrono_literals;

namespace {

constexpr EventTime noon = std::chrono::sys_days{std::chrono::year{2024} / 10 / 7} + 12h;

Options options(Kind kind, Duration size, Duration every = {}) {
    return {.kind = kind,
            .size = size,
            .every = every,
            .aggregates = *Aggregates::compile({{"sum", Function::sum, 0, FieldType::int64}})};
}

class Feed {
public:
    explicit Feed(Options options) : stream(std::move(options)) {}

    /// Takes a record of the key "a" and returns the rows that came out with it.
    std::string operator()(Duration after_noon) {
        rows_.clear();
        const Input input = Input::of_integer(1);
        last = stream.take({Offset{offset_++}, noon + after_noon, "a", {&input, 1}},
                           [this](const Row& row) { see(row); });
        return rows_;
    }

    std::string quiet(Duration after_noon) {
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

    Stream stream;
    Verdict last;

private:
    static std::string seconds(EventTime time) {
        return fmt::format("{:g}", std::chrono::duration<double>(time - noon).count());
    }

    void see(const Row& row) {
        CHECK(row.values[0].int64 == static_cast<std::int64_t>(row.records));
        if (!rows_.empty()) rows_ += ", ";
        rows_ += seconds(row.window.start) + "-" + seconds(row.window.end) +
                 fmt::format(" x{}", row.records);
        if (row.revision > 0) rows_ += fmt::format(" r{}", row.revision);
    }

    std::int64_t offset_ = 0;
    std::string rows_;
};

}  // namespace

TEST_CASE("a record is in size / every hopping windows", "[window]") {
    Feed feed(options(Kind::hopping, 15s, 5s));
    CHECK(feed(1s).empty());
    CHECK(feed(6s) == "-10-5 x1");
    CHECK(feed(30s) == "-5-10 x2, 0-15 x2, 5-20 x1");
    CHECK(feed.last.window == Window{noon + 30s, noon + 45s});
    CHECK(feed.quiet(60s) == "20-35 x1, 25-40 x1, 30-45 x1");
    CHECK(feed.stream.open_windows() == 0);
}

TEST_CASE("steps that do not divide the size cut windows into smaller slices", "[window]") {
    Feed feed(options(Kind::hopping, 10s, 4s));
    feed(1s);
    // Multiples of 4 s since 1970 are multiples of 4 s after noon.
    CHECK(feed.quiet(1h) == "-8-2 x1, -4-6 x1, 0-10 x1");
}

TEST_CASE("a record that is late for some hopping windows is in the others", "[window]") {
    Feed feed(options(Kind::hopping, 15s, 5s));
    feed(1s);
    CHECK(feed(11s) == "-10-5 x1, -5-10 x1");
    feed(2s);
    CHECK(feed.last.fate == Fate::used);
    CHECK(feed(16s) == "0-15 x3");
    feed(4s);
    CHECK(feed.last.fate == Fate::late);
    CHECK(feed.last.late_by == 1s);
}

TEST_CASE("each record has a sliding window that ends with it and one that begins after it",
          "[window]") {
    Feed feed(options(Kind::sliding, 10s));
    CHECK(feed(1s).empty());
    CHECK(feed(4s) == "-9-1.001 x1");
    CHECK(feed(12s) == "-6-4.001 x2, 1.001-11.002 x1");
    CHECK(feed(60s) == "2-12.001 x2, 4.001-14.002 x1");
    CHECK(feed.quiet(1h) == "50-60.001 x1");
}

TEST_CASE("two records at most the size apart are in one sliding window", "[window]") {
    Feed feed(options(Kind::sliding, 10s));
    feed(1s);
    feed(11s);
    CHECK(feed.quiet(1h) == "1-11.001 x2, 1.001-11.002 x1");
    Feed apart(options(Kind::sliding, 10s));
    apart(1s);
    apart(11001ms);
    CHECK(apart.quiet(1h) == "1.001-11.002 x1");
}

TEST_CASE("a sliding window is late with the record it ends with", "[window]") {
    Options with_grace = options(Kind::sliding, 10s);
    with_grace.grace = 2s;
    Feed feed(with_grace);
    feed(5s);
    CHECK(feed(3s).empty());
    CHECK(feed.last.fate == Fate::used);
    feed(2999ms);
    CHECK(feed.last.fate == Fate::late);
    CHECK(feed.last.window.end == noon + 3s);
    CHECK(feed(60s) == "-7-3.001 x1, -5-5.001 x2, 3.001-13.002 x1");
}

TEST_CASE("a session goes on until there is a gap, and one record may bridge two", "[window]") {
    Options with_grace = options(Kind::session, 10s);
    with_grace.grace = 20s;
    Feed feed(with_grace);
    feed(0s);
    feed(9s);
    CHECK(feed.last.window == Window{noon, noon + 19s});
    feed(25s);
    CHECK(feed.stream.open_windows() == 2);
    feed(16s);
    CHECK(feed.stream.open_windows() == 1);
    CHECK(feed.last.window == Window{noon, noon + 35s});
    // Nothing of it was ever written before.
    CHECK(feed(100s) == "0-35 x4");
}

TEST_CASE("records exactly a gap apart are two sessions, in whatever order they come", "[window]") {
    Options with_grace = options(Kind::session, 10s);
    with_grace.grace = 20s;
    Feed feed(with_grace);
    feed(10s);
    feed(0s);
    CHECK(feed.quiet(1h) == "0-10 x1, 10-20 x1");
}

TEST_CASE("late records make one revision for each step of the watermark", "[window]") {
    Options kept = options(Kind::tumbling, 10s);
    kept.accept_late = 60s;
    Feed feed(kept);
    feed(1s);
    CHECK(feed(10s) == "0-10 x1");
    CHECK(feed(2s).empty());
    CHECK(feed(3s).empty());
    CHECK(feed.last.fate == Fate::used);
    CHECK(feed(19s).empty());
    CHECK(feed(20s) == "0-10 x3 r1, 10-20 x2");
    feed(4s);
    CHECK(feed(75s) == "0-10 x4 r2, 20-30 x1");
    feed(5s);
    CHECK(feed.last.fate == Fate::late);
    CHECK(feed.last.late_by == 65s);
}

TEST_CASE("a window that had no result begins with revision 0, however late", "[window]") {
    Options kept = options(Kind::tumbling, 10s);
    kept.accept_late = 60s;
    Feed feed(kept);
    feed(35s);
    CHECK(feed(12s).empty());
    CHECK(feed(41s) == "10-20 x1, 30-40 x1");
    feed(13s);
    CHECK(feed(50s) == "10-20 x2 r1, 40-50 x1");
}

TEST_CASE("what waits for a window is written before the window is forgotten", "[window]") {
    Options kept = options(Kind::tumbling, 10s);
    kept.accept_late = 13s;
    Feed feed(kept);
    feed(1s);
    CHECK(feed(22s) == "0-10 x1");
    CHECK(feed(2s).empty());
    CHECK(feed(23s) == "0-10 x2 r1");
    feed(3s);
    CHECK(feed.last.fate == Fate::late);
}

TEST_CASE("a quiet close lets revisions out", "[window]") {
    Options kept = options(Kind::tumbling, 10s);
    kept.accept_late = 60s;
    Feed feed(kept);
    feed(1s);
    CHECK(feed.quiet(10s) == "0-10 x1");
    CHECK(feed.stream.next_rows() == std::nullopt);
    feed(2s);
    CHECK(feed.stream.next_rows() == noon + 20s);
    CHECK(feed.quiet(19s).empty());
    CHECK(feed.quiet(20s) == "0-10 x2 r1");
    CHECK(feed.stream.watermark() == noon + 20s);
}

TEST_CASE("a late record revises every hopping window it is in", "[window]") {
    Options kept = options(Kind::hopping, 15s, 5s);
    kept.accept_late = 60s;
    Feed feed(kept);
    feed(1s);
    CHECK(feed(11s) == "-10-5 x1, -5-10 x1");
    feed(2s);
    CHECK(feed(15s) == "-10-5 x2 r1, -5-10 x2 r1, 0-15 x3");
}

TEST_CASE("a late record makes sliding windows of its own and revises the others", "[window]") {
    Options kept = options(Kind::sliding, 10s);
    kept.accept_late = 60s;
    Feed feed(kept);
    feed(1s);
    CHECK(feed(30s) == "-9-1.001 x1");
    CHECK(feed(0s).empty());
    CHECK(feed.last.fate == Fate::used);
    // Its own window, the one after it, and the other record's, in which it now is.
    CHECK(feed(50s) == "-10-0.001 x1, -9-1.001 x2 r1, 0.001-10.002 x1, 20-30.001 x1");
}

TEST_CASE("a closed session takes what lies in it and nothing that would change it", "[window]") {
    Options kept = options(Kind::session, 10s);
    kept.accept_late = 60s;
    Feed feed(kept);
    feed(0s);
    feed(8s);
    CHECK(feed(40s) == "0-18 x2");
    feed(4s);
    CHECK(feed.last.fate == Fate::used);
    CHECK(feed.last.window == Window{noon, noon + 18s});
    feed(12s);
    CHECK(feed.last.fate == Fate::late);
    CHECK(feed(60s) == "0-18 x3 r1, 40-50 x1");
}

TEST_CASE("of windows that share records one a key is shown while they are open", "[window]") {
    Feed hopping(options(Kind::hopping, 15s, 5s));
    hopping(1s);
    hopping(4s);
    CHECK(hopping.partial() == "-10-5 x2");
    CHECK(hopping.partial().empty());
    hopping(7s);
    CHECK(hopping.partial() == "-5-10 x3");
    Options with_grace = options(Kind::session, 10s);
    with_grace.grace = 20s;
    Feed session(with_grace);
    session(1s);
    session(15s);
    CHECK(session.partial() == "15-25 x1");
}
