// SPDX-License-Identifier: Apache-2.0
// Goal: whatever a client says of itself, it gets only what it may. Method: spoilt auth objects and
// lists of keys, the same in every run. Meant for the sanitizers, too.
#include "mutation.hpp"

#include "auth_input.hpp"
#include "catch.hpp"

namespace weir::fuzz {
namespace {

TEST_CASE("spoilt auth objects are refused, or ask for other keys", "[emitter]") {
    std::size_t good = 0;
    play_mutations(auth_seeds(), 20'000, [&](const std::string& input) {
        if (read_client_auth(input)) ++good;
    });
    CHECK(good > 30);
    CHECK(read_client_auth(auth_seeds()[0]));
    CHECK(read_client_auth(auth_seeds()[1]));
    CHECK_FALSE(read_client_auth(auth_seeds()[2]));
}

}  // namespace
}  // namespace weir::fuzz
