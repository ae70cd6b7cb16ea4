// SPDX-License-Identifier: Apache-2.0
//
// Goal: a port is opened again after a loss, and ever less often while that does not help. Method:
// a pseudo terminal that is made to end each read; time is passed in.
#include "port_keeper.hpp"

#include <chrono>

#include "cable.hpp"
#include "catch.hpp"

using namespace weir::serial_reader;
using namespace std::chrono_literals;

namespace {

/// From now on a read from the port gives nothing, which is a hang-up.
void break_reading(const Cable& cable) {
    termios settings = cable.settings();
    settings.c_cc[VMIN] = 0;
    REQUIRE(tcsetattr(cable.slave.get(), TCSANOW, &settings) == 0);
}

/// Opens the port, which then fails to read; how long it takes to the next try.
std::chrono::milliseconds wait_after_loss(PortKeeper& keeper, const Cable& cable) {
    const auto now = keeper.due();
    keeper.step(now);
    REQUIRE(keeper.take_opened());
    break_reading(cable);
    keeper.step(now);
    REQUIRE_FALSE(keeper.trouble().empty());
    return std::chrono::duration_cast<std::chrono::milliseconds>(keeper.due() - now);
}

}  // namespace

TEST_CASE("a port that opens and cannot be read is tried ever less often", "[port_keeper]") {
    const Cable cable;
    Options options;
    options.port = cable.name;
    options.reopen_max = 500ms;
    PortKeeper keeper(options);
    CHECK(wait_after_loss(keeper, cable) == 100ms);
    CHECK(wait_after_loss(keeper, cable) == 200ms);
    CHECK(wait_after_loss(keeper, cable) == 400ms);
    CHECK(wait_after_loss(keeper, cable) == 500ms);
    CHECK(wait_after_loss(keeper, cable) == 500ms);

    const auto now = keeper.due();
    keeper.step(now);
    cable.write("849.63\n");
    CHECK(keeper.step(now) == "849.63\n");
    break_reading(cable);
    keeper.step(now);
    CHECK(keeper.due() == now + 100ms);
}
