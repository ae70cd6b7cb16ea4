// SPDX-License-Identifier: Apache-2.0
// Goal: no bytes of a client break what reads them. Method: spoilt requests, payloads, packets,
// frames and whole clients, the same in every run. Meant for the sanitizers, too.
#include "mutation.hpp"

#include "catch.hpp"
#include "client_input.hpp"
#include "socketio_seeds.hpp"
#include "wire_input.hpp"

namespace weir::fuzz {
namespace {

using Kind = socketio::websocket::Event::Kind;

TEST_CASE("spoilt queries are read as far as they go", "[socketio]") {
    play_mutations(query_seeds(), 20'000, [](const std::string& input) { read_query(input); });
    for (const std::string& seed : query_seeds())
        CHECK(http::parse_target(seed).has_value());
}

TEST_CASE("spoilt payloads are read up to what is wrong", "[socketio]") {
    std::size_t packets = 0;
    play_mutations(payload_seeds(), 20'000,
                   [&](const std::string& input) { packets += read_payload(input); });
    CHECK(packets > 20'000);
    CHECK(read_payload(payload_seeds().front()) == 4);
}

TEST_CASE("spoilt packets are refused, or are other packets", "[socketio]") {
    std::size_t good = 0;
    play_mutations(packet_seeds(), 20'000, [&](const std::string& input) {
        if (read_packet(input)) ++good;
    });
    CHECK((good > 1'000 && good < 19'000));
    for (const std::string& seed : packet_seeds())
        CHECK(read_packet(seed));
}

TEST_CASE("spoilt frames are the same in whatever pieces they come", "[socketio]") {
    play_mutations(frame_seeds(), 20'000, [](const std::string& input) { read_frames(input); });
    for (const std::string& seed : frame_seeds())
        CHECK(read_frames(seed.substr(1), 1).back().kind != Kind::error);
}

TEST_CASE("spoilt messages leave the server whole", "[socketio]") {
    std::size_t events = 0;
    play_mutations(client_seeds(), 10'000,
                   [&](const std::string& input) { events += play_client(input); });
    CHECK(events > 1'000);
    const std::vector<std::size_t> expected{2, 2, 2, 0, 0};
    for (std::size_t i = 0; i < expected.size(); ++i)
        CHECK(play_client(client_seeds()[i]) == expected[i]);
}

}  // namespace
}  // namespace weir::fuzz
