// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "options.hpp"
#include "serial_port.hpp"

namespace weir::serial_reader {

/// Keeps a serial port open over unplugging and plugging in again.
///
/// Threads: one.
/// Limits:  tries to open at first after 100 ms, then after twice as long each time up to
///          `--reopen-max`, until bytes come in; of the failures to open logs the first in a row.
class PortKeeper {
public:
    using Clock = std::chrono::steady_clock;

    explicit PortKeeper(const Options& options) : options_(options) {}

    /// For poll(); -1 while the port is closed.
    [[nodiscard]] int descriptor() const { return port_ ? port_->descriptor() : -1; }

    /// When step() has something to do besides reading.
    [[nodiscard]] Clock::time_point due() const { return due_; }

    /// Opens the port when it is time to, looks whether it is still the one that was opened, and
    /// reads what waits. The bytes live until the next call; empty when there are none.
    std::string_view step(Clock::time_point now);

    /// True once after each time the port was opened anew.
    bool take_opened() { return std::exchange(opened_, false); }

    /// Why the port is closed; empty while it is open.
    [[nodiscard]] const std::string& trouble() const { return trouble_; }

private:
    void try_to_open(Clock::time_point now);
    void lose(Clock::time_point now, const std::string& reason);
    void wait_longer(Clock::time_point now);

    const Options& options_;
    std::optional<SerialPort> port_;
    std::string trouble_ = "not opened yet";
    Clock::time_point due_{};  // at once
    std::chrono::milliseconds wait_{0};
    bool opened_ = false;
    bool open_fails_ = false;
    std::array<char, 4096> bytes_{};
};

}  // namespace weir::serial_reader
