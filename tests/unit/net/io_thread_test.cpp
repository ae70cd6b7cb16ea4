// SPDX-License-Identifier: Apache-2.0
// Goal: tasks run on the thread in order, join() lets them end, stop() does not wait for them.
#include "net/io_thread.hpp"

#include <thread>
#include <vector>

#include "catch.hpp"

using weir::net::IoThread;

TEST_CASE("tasks run in order on the named thread, and join waits for them", "[net]") {
    std::vector<int> seen;
    std::thread::id id;
    IoThread io("weir-a-long-name");
    io.post([&] { seen.push_back(1); });
    io.start();
    io.post([&] {
        seen.push_back(2);
        id = std::this_thread::get_id();
        io.post([&] { seen.push_back(3); });
    });
    io.join();
    CHECK(seen == std::vector{1, 2, 3});
    CHECK(id != std::this_thread::get_id());
}

TEST_CASE("a thread that was never started goes away quietly", "[net]") {
    IoThread io("idle");
    io.post([] {});
}
