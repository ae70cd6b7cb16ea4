// SPDX-License-Identifier: Apache-2.0
// Goal: no message breaks the mapping: it becomes a whole record or a reason. Method: spoilt
// messages, the same in every run; tests/fuzz looks for others. Meant for the sanitizers, too.
#include "mutation.hpp"

#include "catch.hpp"
#include "mapping_input.hpp"
#include "seeds.hpp"

namespace weir::fuzz {
namespace {

TEST_CASE("spoilt messages become whole records or reasons", "[mqtt-bridge]") {
    std::size_t played = 0;
    play_mutations(mapping_seeds(), 20'000, [&](const std::string& input) {
        map_message(input);
        ++played;
    });
    CHECK(played == mapping_seeds().size() + 20'000);
}

}  // namespace
}  // namespace weir::fuzz
