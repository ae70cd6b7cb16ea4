// SPDX-License-Identifier: Apache-2.0
// Goal: clients of a server that comes back do not all come at once, and none waits for ever.
#include "net/backoff.hpp"

#include "catch.hpp"

using namespace weir;

TEST_CASE("waits are drawn from the least to a doubling ceiling above it", "[net]") {
    using std::chrono::milliseconds;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const milliseconds least{seed % 2 == 0 ? 0 : 1'500};
        net::Backoff backoff(milliseconds{100}, milliseconds{1'000}, seed, least);
        for (const int ceiling : {100, 200, 400, 800, 1'000, 1'000}) {
            const auto wait = backoff.next();
            CHECK(wait >= least);
            CHECK(wait <= least + milliseconds{ceiling});
        }
        backoff.reset();
        CHECK(backoff.next() <= least + milliseconds{100});
    }
}
