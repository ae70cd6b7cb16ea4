// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "arguments.hpp"
#include "base/result.hpp"
#include "board.hpp"
#include "terminal.hpp"
#include "voltage_profile.hpp"

namespace weir::unosim {

/// A board on a cable, paced by the host's clock and told what to do on a command stream.
///
/// Threads: one.
class Simulation {
public:
    /// Errors: the firmware, the profile or the link cannot be used.
    static Result<std::unique_ptr<Simulation>> prepare(const Arguments& arguments);

    [[nodiscard]] const std::string& terminal_name() const { return terminal_.name(); }

    /// Runs until the command `quit` (0), a byte on `end_signals` (0) or a crash of the firmware
    /// (3). The end of `commands` only ends the commands. Both are descriptors.
    int run(int commands, int end_signals);

private:
    using Clock = std::chrono::steady_clock;

    Simulation(double speed, Terminal terminal) : speed_(speed), terminal_(std::move(terminal)) {}

    /// How long to wait before the next slice. A host that fell far behind is not caught up with.
    Clock::duration ahead();
    void take_input();
    /// Reads what is there; false at the command `quit`.
    bool take_commands(int& commands);
    bool obey(std::string_view command);

    double speed_;
    Terminal terminal_;
    std::unique_ptr<Board> board_;
    std::optional<VoltageProfile> profile_;
    unsigned profile_pin_ = 0;
    std::string command_;                   // the bytes of an unfinished line
    std::chrono::microseconds elapsed_{0};  // MCU time
    Clock::time_point paced_from_;
    std::chrono::microseconds paced_from_elapsed_{0};
};

}  // namespace weir::unosim
