// SPDX-License-Identifier: Apache-2.0
// Goal: a checkpoint's text says exactly what it was made of, fits its bound, and anything else is
// refused. Method: fixed texts, random checkpoints, and random damage.
#include "window/checkpoint.hpp"

#include "catch.hpp"
#include "seed.hpp"

using namespace weir;
using namespace weir::window;

namespace {

EventTime at(std::int64_t micros) { return EventTime{Duration{micros}}; }

}  // namespace

TEST_CASE("a checkpoint is one short line", "[window]") {
    const Checkpoint checkpoint{.replay_from = Offset{120},
                                .watermark = at(1'728'306'165'000'000),
                                .moves = {{Offset{130}, at(1'728'306'180'000'000)},
                                          {Offset{131}, at(1'728'306'195'000'000)}},
                                .cursor = CloseCursor{at(1'728'306'195'000'000), Offset{125}},
                                .incomplete_until = no_watermark};
    CHECK(encode(checkpoint, 0xAB) ==
          "weir2 ab 120 1728306165000000 - 1728306195000000:125 10:15000,1:15000");
    CHECK(encode({.replay_from = Offset{0}}, 0) == "weir2 0 0 - - -");
    CHECK(encode({.replay_from = Offset{0}, .incomplete_until = not_known_yet}, 0) ==
          "weir2 0 0 - ? -");
}

TEST_CASE("random checkpoints read back as they were and keep to their bound", "[window]") {
    auto random = weir::test::random_engine();
    const auto below = [&](std::uint64_t limit) {
        return static_cast<std::int64_t>(random() % limit);
    };
    for (int i = 0; i < 20'000; ++i) {
        Checkpoint checkpoint{.replay_from = Offset{below(i % 2 == 0 ? 1000 : 1ULL << 62U)}};
        if (random() % 4 != 0) checkpoint.watermark = at(below(1ULL << 58U) - 1000);
        Move move{checkpoint.replay_from,
                  checkpoint.watermark == no_watermark ? at(0) : checkpoint.watermark};
        for (auto moves = random() % 5; moves > 0; --moves) {
            move.offset = Offset{number(move.offset) + 1 + below(1'000'000)};
            move.watermark += Duration{1 + below(1'000'000'000'000)};
            checkpoint.moves.push_back(move);
        }
        if (random() % 3 == 0)
            checkpoint.cursor = CloseCursor{at(below(1ULL << 58U)), Offset{below(1ULL << 62U)}};
        if (random() % 3 == 0) checkpoint.incomplete_until = at(below(1ULL << 58U));
        const std::uint64_t hash = random();
        const std::string text = encode(checkpoint, hash);
        CAPTURE(text);
        REQUIRE(text.size() <= checkpoint_bytes(checkpoint));
        const auto committed = decode(text);
        REQUIRE(committed.ok());
        REQUIRE(committed->checkpoint == checkpoint);
        REQUIRE(committed->options_hash == hash);
    }
}

TEST_CASE("what version 1 wrote means the same", "[window]") {
    const auto earlier =
        decode("weir1 ab 120 1728306165000000 - 1728306195000000:125 10:15000000,1:15000001");
    const auto now =
        decode("weir2 ab 120 1728306165000000 - 1728306195000000:125 10:15000,1:15000.001");
    REQUIRE(earlier.ok());
    REQUIRE(now.ok());
    CHECK(earlier->checkpoint == now->checkpoint);
    CHECK(earlier->options_hash == now->options_hash);
    CHECK(now->checkpoint.moves[1].watermark == at(1'728'306'195'000'001));
}

TEST_CASE("what is no checkpoint is refused, whatever it is", "[window]") {
    for (const char* text :
         {"", "weir", "weir1", "weir1 0 0 - -", "weir1 0 -1 - - -", "weir1 0 0 - - - ",
          "weir1 0 0 - - -  ", "weir1 x 0 - - -", "weir1 0 0 1.5 - -", "weir1 0 0 - - 5",
          "weir1 0 0 - - 5:", "weir1 0 0 - - - 1:0", "weir1 0 0 - - - 0:1", "weir1 0 0 - - - 1:1,",
          "weir1 0 0 - - - ,1:1", "weir1 0 0 - - - 1:1 x", "weir1 0 0 - - - -1:5",
          "weir1 0 9223372036854775807 - - - 1:1", "some other service's note"}) {
        CAPTURE(text);
        CHECK_FALSE(decode(text).ok());
    }
    for (const char* moves : {"1:0.000", "1:0", "1:1.5", "1:1.0001", "1:1.", "1:.001", "1:1.-01",
                              "1:9223372036854775", "1:9223372036854776", "1:1.00x", ":1", "1"}) {
        CAPTURE(moves);
        CHECK_FALSE(decode(std::string("weir2 0 0 9223372036854770000 - - ") + moves).ok());
    }
}

TEST_CASE("of a later format what may be skipped is skipped, and the rest refused", "[window]") {
    const auto now = decode("weir2 ab 120 1728306165000000 - - 10:15000");
    for (const char* text : {"weir3/2 ab 120 1728306165000000 - - 10:15000 7 x,y",
                             "weir9/1 ab 120 1728306165000000 - - 10:15000"}) {
        CAPTURE(text);
        const auto later = decode(text);
        REQUIRE(later.ok());
        CHECK(later->checkpoint == now->checkpoint);
        CHECK(later->options_hash == now->options_hash);
        CHECK_FALSE(format_beyond_us(text));
    }
    CHECK(now->format == 2);
    CHECK(decode("weir3/2 ab 120 - - - - more")->format == 3);
    CHECK(decode("weir3/2 ab 120 - - - - more")->checkpoint ==
          decode("weir2 ab 120 - - -")->checkpoint);
    CHECK_FALSE(decode("weir3/2 ab 120 - - - 1 more").ok());
    CHECK_FALSE(decode("weir3/2 ab 120 - -").ok());
    // What we know ourselves is read to its end.
    CHECK_FALSE(decode("weir2 ab 120 - - - - more").ok());

    CHECK(decode("weir4/3 0 what ever").error().message ==
          "the checkpoint has format 4, for readers of format 3 or later, and this program knows "
          "formats 1 to 2");
    CHECK(format_beyond_us("weir4/3 0 what ever")->number == 4);
    for (const char* text : {"weir3/4 0 0 - - -", "weir3/0 0 0 - - -", "weir3/ 0 0 - - -",
                             "weir/2 0 0 - - -", "weir3/2/1 0 0 - - -", "weir0 0 0 - - -",
                             "weir-1 0 0 - - -", "weir99999999999 0 0 - - -"}) {
        CAPTURE(text);
        CHECK(decode(text).error().message.starts_with("expected a checkpoint of the aggregator"));
        CHECK_FALSE(format_beyond_us(text));
    }
}

TEST_CASE("a damaged checkpoint never does more than be refused", "[window]") {
    auto random = weir::test::random_engine();
    const std::string good =
        "weir2 ab 120 1728306165000000 - 1728306195000000:125 10:15000.001,1:15000";
    for (int i = 0; i < 50'000; ++i) {
        std::string text = good;
        for (auto edits = 1 + random() % 3; edits > 0; --edits)
            text[random() % text.size()] =
                static_cast<char>(random() % 2 == 0 ? random() % 256 : '0' + random() % 10);
        text.resize(random() % 4 == 0 ? random() % text.size() : text.size());
        (void)decode(text).ok();
    }
}
