// SPDX-License-Identifier: Apache-2.0
// Goal: the newest events are kept as far as the limit reaches, and found by number and key.
#include "recent.hpp"

#include "catch.hpp"

using namespace weir;
using emitter::KeySet;
using emitter::Recent;

namespace {

socketio::ChunkPtr event(std::string_view text) {
    return socketio::packet_chunk(socketio::EngineType::message, text);
}

std::string payloads(const std::vector<socketio::ChunkPtr>& events) {
    std::string all;
    for (const auto& chunk : events)
        all += chunk->payload();
    return all;
}

}  // namespace

TEST_CASE("events are found from a number on, of all keys or some", "[emitter]") {
    Recent recent(10'000);
    CHECK(recent.since(0).empty());
    recent.put("a", 2, event("x"));
    recent.put("b", 4, event("y"));
    recent.put("a", 6, event("z"));
    CHECK(payloads(recent.since(0)) == "4x4y4z");
    CHECK(payloads(recent.since(3)) == "4y4z");
    CHECK(payloads(recent.since(6)) == "4z");
    CHECK(recent.since(7).empty());
    const KeySet only{"a", "c"};
    CHECK(payloads(recent.since(0, &only)) == "4x4z");
    const KeySet none;
    CHECK(recent.since(0, &none).empty());
}

TEST_CASE("the oldest event goes first, and one that is too large takes all", "[emitter]") {
    Recent one(10'000);
    one.put("key", 1, event("x"));
    const std::size_t bytes = one.bytes();
    CHECK(bytes > 3 + event("x")->frames().size());
    Recent recent(2 * bytes);
    for (std::uint64_t number = 1; number <= 3; ++number)
        recent.put("key", number, event(std::to_string(number)));
    CHECK(payloads(recent.since(0)) == "4243");
    CHECK(recent.bytes() == 2 * bytes);
    recent.put("key", 4, event(std::string(2 * bytes, 'x')));
    CHECK(recent.since(0).empty());
    CHECK(recent.bytes() == 0);
}
