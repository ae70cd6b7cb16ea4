// SPDX-License-Identifier: Apache-2.0
// Goal: fates, rows and revisions are right, for every kind of window and every function. Method:
// an oracle that keeps every record of every window (oracle.hpp), compared on random partitions.
#include "oracle.hpp"

#include <algorithm>

#include "catch.hpp"
#include "generated.hpp"
#include "seed.hpp"
#include "window/stream.hpp"

using namespace weir;
using namespace weir::window;
using window::test::Event;
using window::test::ExpectedRow;
using window::test::ExpectedValue;
using window::test::Generator;
using window::test::History;
using window::test::Oracle;

namespace {

struct Seen {
    int rows = 0;
    int revisions = 0;
    int late = 0;
    int repeated = 0;
    int beyond_ids = 0;  ///< rows that have no results for want of ids
    int beyond = 0;
    int of_many = 0;  ///< rows of more than one record
};

double as_number(const Output& output) {
    switch (output.kind) {
        case Output::Kind::float64: return output.float64;
        case Output::Kind::float32: return double{output.float32};
        default: return static_cast<double>(output.int64);
    }
}

void check_value(const Output& output, const ExpectedValue& expected) {
    const bool is_number = output.kind == Output::Kind::float64 ||
                           output.kind == Output::Kind::float32 ||
                           output.kind == Output::Kind::int64;
    REQUIRE((output.kind == Output::Kind::null) == (expected.kind == ExpectedValue::Kind::null));
    REQUIRE((output.kind == Output::Kind::text) == (expected.kind == ExpectedValue::Kind::text));
    REQUIRE((output.kind == Output::Kind::beyond) ==
            (expected.kind == ExpectedValue::Kind::beyond));
    if (expected.kind == ExpectedValue::Kind::text) REQUIRE(output.text == expected.text);
    if (!is_number) return;
    if (expected.exact)
        REQUIRE(as_number(output) == expected.number);
    else
        REQUIRE(as_number(output) == Approx(expected.number).epsilon(1e-9).margin(1e-6));
}

class Check {
public:
    Check(const History& history, Seen& seen)
        : history_(history), stream_(history.options), oracle_(history.options), seen_(seen) {}

    void run() {
        for (const Event& event : history_.events)
            happens(event);
    }

private:
    void happens(const Event& event) {
        next_ = 0;
        const EventTime before = oracle_.watermark();
        if (event.is_record) {
            const Fate fate = oracle_.take(event);
            window::test::Inputs inputs;
            const Verdict verdict = stream_.take(window::test::record_of(event, inputs),
                                                 [this](const Row& row) { see(row); });
            REQUIRE(verdict.fate == fate);
            REQUIRE(verdict.watermark == before);
            seen_.late += fate == Fate::late;
            seen_.repeated += fate == Fate::repeated;
        } else {
            oracle_.quiet_close(event.until);
            REQUIRE(*stream_.quiet_close(event.until) == (oracle_.watermark() > before));
            while (stream_.due())
                stream_.close_due(3, [this](const Row& row) { see(row); });
        }
        REQUIRE(next_ == oracle_.rows().size());
        REQUIRE(stream_.watermark() == oracle_.watermark());
    }

    void see(const Row& row) {
        REQUIRE(next_ < oracle_.rows().size());
        const ExpectedRow& want = oracle_.rows()[next_++];
        CAPTURE(number(row.first_offset), number(want.first_offset), row.revision);
        REQUIRE(row.window == want.window);
        REQUIRE(row.key == want.key);
        REQUIRE(row.first_offset == want.first_offset);
        REQUIRE(row.last_offset == want.last_offset);
        REQUIRE(row.records == want.records);
        REQUIRE(row.watermark == want.watermark);
        REQUIRE(row.revision == want.revision);
        REQUIRE(row.finality == Finality::final);
        REQUIRE(row.complete);
        REQUIRE(row.values.size() == history_.columns.size());
        for (std::size_t i = 0; i < row.values.size(); ++i) {
            CAPTURE(i);
            check_value(row.values[i], want.values[history_.columns[i]]);
            seen_.beyond += row.values[i].kind == Output::Kind::beyond;
        }
        const auto is_beyond = [](const Output& value) {
            return value.kind == Output::Kind::beyond;
        };
        seen_.beyond_ids += std::all_of(row.values.begin(), row.values.end(), is_beyond);
        ++seen_.rows;
        seen_.revisions += row.revision > 0;
        seen_.of_many += row.records > 1;
    }

    const History& history_;
    Stream stream_;
    Oracle oracle_;
    Seen& seen_;
    std::size_t next_ = 0;
};

}  // namespace

TEST_CASE("random partitions give the oracle's fates and rows", "[window]") {
    Generator generator(weir::test::random_engine());
    for (const Kind kind : Generator::kinds) {
        Seen seen;
        for (int i = 0; i < 700; ++i) {
            CAPTURE(kind, i);
            // Tumbling and hopping windows add in an order the oracle knows, whatever the rounding.
            const bool round_values = kind == Kind::sliding || kind == Kind::session;
            History history = generator.history(250, kind, round_values);
            history.options.checkpoint_bytes_max = 1'000'000;
            Check(history, seen).run();
        }
        CAPTURE(kind);
        CHECK(seen.rows > 3'000);
        CHECK(seen.of_many > 500);
        CHECK(seen.revisions > 20);
        CHECK(seen.late > 100);
        CHECK(seen.beyond > 20);
        CHECK(seen.repeated > 500);
        CHECK(seen.beyond_ids > 20);
    }
}
