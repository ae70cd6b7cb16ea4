// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "file_descriptor.hpp"

/// A pseudo terminal: the slave side is the port, the master side the device at the other end.
struct Cable {
    weir::serial_reader::FileDescriptor master;
    weir::serial_reader::FileDescriptor slave;
    std::string name;

    Cable() {
        int ends[2];
        REQUIRE(openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) == 0);
        master = weir::serial_reader::FileDescriptor(ends[0]);
        slave = weir::serial_reader::FileDescriptor(ends[1]);
        std::array<char, 64> buffer{};
        REQUIRE(ptsname_r(ends[0], buffer.data(), buffer.size()) == 0);
        name = buffer.data();
    }
    void write(std::string_view text) const {
        REQUIRE(::write(master.get(), text.data(), text.size()) ==
                static_cast<ssize_t>(text.size()));
    }
    [[nodiscard]] termios settings() const {
        termios now{};
        REQUIRE(tcgetattr(slave.get(), &now) == 0);
        return now;
    }
};
