// SPDX-License-Identifier: Apache-2.0
// Goal: a recording is published as it was recorded, and a broken one is told by its line.
#include "replay.hpp"

#include <sstream>

#include "catch.hpp"

namespace weir::device_simulator {
namespace {

using namespace std::chrono_literals;

Result<std::unique_ptr<Replay>> open(const std::string& text, double speed = 1) {
    return Replay::open(std::make_unique<std::istringstream>(text), "file", speed);
}

const std::string recording =
    "{\"offset\":0,\"device\":\"a\",\"payload\":\"863.850\"}\n"
    "\n"
    "{\"offset\":0.5,\"device\":\"b\",\"payload\":{\"data\": 1.50}}\r\n"
    "{\"offset\":0.5,\"device\":\"a\",\"payload\":7}\n"
    "{\"offset\":2,\"device\":\"a/b\",\"payload\":\"\"}";

TEST_CASE("a recording keeps its payloads and distances", "[device-simulator]") {
    auto opened = open(recording);
    REQUIRE(opened.ok());
    Replay& replay = **opened;
    CHECK(replay.next_due() == Elapsed{0});
    std::vector<Message> out;
    REQUIRE(replay.take(499ms, 100, out).ok());
    CHECK(out.size() == 1);
    REQUIRE(replay.take(1s, 1, out).ok());
    CHECK(out.size() == 2);
    replay.postpone(1s);
    CHECK(replay.next_due() == Elapsed{1'500ms});
    REQUIRE(replay.take(1h, 100, out).ok());
    REQUIRE(out.size() == 4);
    CHECK(out[0].payload == "863.850");
    CHECK(out[1].payload == R"({"data": 1.50})");
    CHECK(out[2].payload == "7");
    CHECK(out[3].device == "a/b");
    CHECK(out[3].payload.empty());
    CHECK_FALSE(replay.next_due());
}

TEST_CASE("speed shortens the distances", "[device-simulator]") {
    auto opened = open(recording, 4);
    REQUIRE(opened.ok());
    std::vector<Message> out;
    REQUIRE((*opened)->take(500ms, 100, out).ok());
    CHECK(out.size() == 4);
}

TEST_CASE("an empty recording has nothing to say", "[device-simulator]") {
    auto opened = open("\n");
    REQUIRE(opened.ok());
    CHECK_FALSE((*opened)->next_due());
}

TEST_CASE("a broken line is told by its number", "[device-simulator]") {
    const std::string good = "{\"offset\":1,\"device\":\"a\",\"payload\":\"1\"}\n";
    for (const char* bad : {"x", "{}", R"({"offset":"1","device":"a","payload":"1"})",
                            R"({"offset":1,"payload":"1"})", R"({"offset":1,"device":"a"})",
                            R"({"offset":-1,"device":"a","payload":"1"})",
                            R"({"offset":0.5,"device":"a","payload":"1"})",
                            R"({"offset":1,"device":"+","payload":"1"})"}) {
        INFO(bad);
        auto opened = open(good + bad);
        REQUIRE(opened.ok());
        std::vector<Message> out;
        const auto taken = (*opened)->take(1h, 100, out);
        REQUIRE_FALSE(taken.ok());
        CHECK(taken.error().message.starts_with("file, line 2: "));
        CHECK(out.size() == 1);
        if (std::string_view(bad) != R"({"offset":0.5,"device":"a","payload":"1"})")
            CHECK_FALSE(open(bad).ok());
    }
}

}  // namespace
}  // namespace weir::device_simulator
