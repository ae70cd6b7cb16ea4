// SPDX-License-Identifier: Apache-2.0
// Goal: no bytes of a broker break a session, nor what it counts. Method: spoilt streams, the same
// in every run; tests/fuzz looks for others. Meant for the sanitizers, too.
#include "mutation.hpp"

#include "catch.hpp"
#include "seeds.hpp"
#include "session_input.hpp"

namespace weir::fuzz {
namespace {

TEST_CASE("spoilt streams leave a session whole", "[mqtt][session]") {
    std::size_t played = 0;
    play_mutations(session_seeds(), 20'000, [&](const std::string& input) {
        play_session(input);
        ++played;
    });
    CHECK(played == session_seeds().size() + 20'000);
}

TEST_CASE("the seeds are streams a session understands", "[mqtt][session]") {
    // Else their mutations would all end at the first packet.
    std::size_t subscribed = 0;
    for (const std::string& seed : session_seeds())
        if (session_reaches(seed, mqtt::Session::Event::Kind::subscribed)) ++subscribed;
    CHECK(subscribed == session_seeds().size() - 1);
    CHECK(session_reaches(session_seeds()[1], mqtt::Session::Event::Kind::message));
    CHECK(session_reaches(session_seeds()[2], mqtt::Session::Event::Kind::ended));
    CHECK(session_reaches(session_seeds()[3], mqtt::Session::Event::Kind::unsubscribed));
    CHECK(session_reaches(session_seeds()[6], mqtt::Session::Event::Kind::refused));
}

}  // namespace
}  // namespace weir::fuzz
