// SPDX-License-Identifier: Apache-2.0
// Goal: what is queued for a connection goes out whole and in order, on either transport, in
// whatever pieces the kernel takes it.
#include "socketio/out_queue.hpp"

#include <algorithm>

#include "catch.hpp"

using namespace weir::socketio;

namespace {

ChunkPtr message(std::string_view text) { return packet_chunk(EngineType::message, text); }

/// Takes `size` bytes out as a connection would.
std::string take(OutQueue& queue, std::size_t size, std::size_t parts_max = 4) {
    std::vector<iovec> parts(parts_max);
    const std::size_t used = queue.gather(parts);
    std::string bytes;
    for (std::size_t i = 0; i < used; ++i)
        bytes.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    bytes.resize(std::min(size, bytes.size()));
    queue.sent(bytes.size());
    return bytes;
}

}  // namespace

TEST_CASE("a chunk has both forms of its packets", "[socketio]") {
    Chunk chunk;
    chunk.add_packet(EngineType::message, "2[\"a\"]");
    chunk.add_binary("\x01\x02\x03");
    chunk.add_raw("\x8A\x00");
    CHECK(chunk.packets() == 2);
    CHECK(chunk.frames() == std::string("\x81\x07"
                                        "42[\"a\"]\x82\x03\x01\x02\x03\x8A"));
    CHECK(chunk.payload() ==
          "42[\"a\"]\x1e"
          "bAQID");
}

TEST_CASE("bytes leave in order, however many are taken at a time", "[socketio]") {
    std::string expected;
    for (int i = 0; i < 20; ++i)
        expected += message(std::to_string(i))->frames();
    for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U}) {
        CAPTURE(step);
        OutQueue queue;
        for (int i = 0; i < 20; ++i)
            queue.push(message(std::to_string(i)));
        CHECK(queue.bytes() == expected.size());
        CHECK(queue.packets() == 20);
        std::string sent;
        while (!queue.empty())
            sent += take(queue, step);
        CHECK(sent == expected);
        CHECK(queue.bytes() == 0);
    }
}

TEST_CASE("chunks pushed while others are half sent wait for their turn", "[socketio]") {
    OutQueue queue;
    queue.push(message("first"));
    std::string sent = take(queue, 3);
    queue.push(message("second"));
    sent += take(queue, 1000);
    CHECK(sent ==
          std::string(message("first")->frames()) + std::string(message("second")->frames()));
    CHECK(queue.empty());
}

TEST_CASE("a poll takes everything in one payload", "[socketio]") {
    OutQueue queue;
    CHECK(queue.take_payload().empty());
    queue.push(message("a"));
    queue.push(raw_chunk("only for WebSockets"));
    queue.push(packet_chunk(EngineType::ping));
    CHECK(queue.take_payload() ==
          "4a\x1e"
          "2");
    CHECK(queue.empty());
}

TEST_CASE("what waited for a poll goes on over the WebSocket", "[socketio]") {
    OutQueue polled;
    polled.push(message("a"));
    polled.push(message("b"));
    OutQueue upgraded;
    upgraded.push(message("0"));
    upgraded.append(std::move(polled));
    CHECK(take(upgraded, 1000) ==
          "\x81\x02"
          "40\x81\x02"
          "4a\x81\x02"
          "4b");
}
