// SPDX-License-Identifier: Apache-2.0
// Goal: packets come out whole, or cut where they are too large, however the reads fall. Method:
// one stream, read in pieces of random sizes.
#include "mqtt/read_buffer.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include "bytes.hpp"
#include "catch.hpp"
#include "seed.hpp"

namespace weir::mqtt {
namespace {

TEST_CASE("packets are the same however the reads fall", "[mqtt][read-buffer]") {
    constexpr std::size_t packet_bytes_max = 100'000;
    auto random = weir::test::random_engine();
    const std::string small = test::publish({.payload = "small"});
    std::string large = "\x31";  // a PUBLISH at QoS 0 with a body of 2 MB
    constexpr std::size_t body_bytes = 2'000'000;
    for (std::size_t rest = body_bytes; rest > 0; rest >>= 7U)
        large.push_back(static_cast<char>((rest & 0x7FU) | (rest > 0x7FU ? 0x80U : 0U)));
    large += std::string(body_bytes, 'x');
    const std::string stream = small + large + small + small + large + large + small;

    for (const std::size_t piece_max : {1'000UL, 70'000UL, 1'000'000UL}) {
        ReadBuffer buffer(packet_bytes_max);
        std::vector<std::size_t> sizes;
        std::uniform_int_distribution<std::size_t> pieces(1, piece_max);
        for (std::size_t at = 0; at < stream.size();) {
            const std::span<char> room = buffer.room();
            REQUIRE_FALSE(room.empty());
            REQUIRE(room.size() <= packet_bytes_max + (64UL << 10));
            const std::size_t count = std::min({pieces(random), room.size(), stream.size() - at});
            std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(at), count, room.begin());
            buffer.filled(count);
            at += count;
            for (;;) {
                const auto frame = take_frame(buffer.unread(), packet_bytes_max);
                REQUIRE(frame.ok());
                if (!frame->has_value()) break;
                CHECK((*frame)->body.ends_with((*frame)->missing > 0 ? "xxx" : "small"));
                sizes.push_back((*frame)->size + (*frame)->missing);
                buffer.take(**frame);
            }
        }
        CHECK(sizes == std::vector{small.size(), large.size(), small.size(), small.size(),
                                   large.size(), large.size(), small.size()});
        CHECK(buffer.unread().empty());
    }
}

TEST_CASE("a buffer that is cleared expects no rest of a packet", "[mqtt][read-buffer]") {
    ReadBuffer buffer(1'000);
    const std::string packet = test::publish({.payload = "small"});
    buffer.take({.type = PacketType::publish, .flags = 0, .body = {}, .size = 0, .missing = 7});
    buffer.clear();
    std::copy(packet.begin(), packet.end(), buffer.room().begin());
    buffer.filled(packet.size());
    CHECK(buffer.unread() == packet);
}

}  // namespace
}  // namespace weir::mqtt
