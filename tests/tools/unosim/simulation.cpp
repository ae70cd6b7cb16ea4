// SPDX-License-Identifier: Apache-2.0
#include "simulation.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace weir::unosim {
namespace {

using namespace std::chrono_literals;

// MCU time between looks at the outside: as fine as a byte at 9600 baud.
constexpr std::chrono::microseconds slice = 1ms;
// Further behind than this, the host was stopped or is too slow: pace from now on.
constexpr std::chrono::milliseconds behind_max = 500ms;
// More than any command has; the rest of a longer line is dropped.
constexpr std::size_t command_bytes_max = 128;

}  // namespace

Result<std::unique_ptr<Simulation>> Simulation::prepare(const Arguments& arguments) {
    auto terminal = Terminal::open(arguments.link);
    if (!terminal) return terminal.error();
    std::unique_ptr<Simulation> simulation(new Simulation(arguments.speed, std::move(*terminal)));
    if (arguments.profile) {
        auto profile = VoltageProfile::read(*arguments.profile);
        if (!profile) return profile.error();
        simulation->profile_ = std::move(*profile);
        simulation->profile_pin_ = arguments.profile_pin;
    }
    auto board = Board::power_up(
        arguments.firmware,
        [terminal = &simulation->terminal_](std::uint8_t byte) { terminal->write(byte); });
    if (!board) return board.error();
    simulation->board_ = std::move(*board);
    for (const auto& [pin, millivolts] : arguments.voltages)
        simulation->board_->set_millivolts(pin, millivolts);
    return simulation;
}

int Simulation::run(int commands, int end_signals) {
    paced_from_ = Clock::now();
    while (true) {
        if (profile_) board_->set_millivolts(profile_pin_, profile_->millivolts_at(elapsed_));
        if (!board_->run(slice)) {
            std::fputs("unosim: the firmware has ended or crashed\n", stderr);
            return 3;
        }
        elapsed_ += slice;
        take_input();

        const auto wait = std::chrono::duration_cast<std::chrono::nanoseconds>(ahead());
        const timespec timeout{wait.count() / 1'000'000'000, wait.count() % 1'000'000'000};
        std::array<pollfd, 2> events{{{commands, POLLIN, 0}, {end_signals, POLLIN, 0}}};
        if (ppoll(events.data(), events.size(), &timeout, nullptr) <= 0) continue;
        if (events[1].revents != 0) return 0;
        if (!take_commands(commands)) return 0;
    }
}

Simulation::Clock::duration Simulation::ahead() {
    if (speed_ == 0) return Clock::duration::zero();
    const std::chrono::duration<double> due = (elapsed_ - paced_from_elapsed_) / speed_;
    const Clock::time_point now = Clock::now();
    const auto ahead = std::chrono::duration_cast<Clock::duration>(due) - (now - paced_from_);
    if (ahead < -behind_max) {
        paced_from_ = now;
        paced_from_elapsed_ = elapsed_;
    }
    return std::max(ahead, Clock::duration::zero());
}

void Simulation::take_input() {
    while (board_->can_take()) {
        const auto byte = terminal_.read();
        if (!byte) return;
        board_->send(*byte);
    }
}

bool Simulation::take_commands(int& commands) {
    std::array<char, 256> bytes;
    const ssize_t count = ::read(commands, bytes.data(), bytes.size());
    if (count <= 0) commands = -1;  // poll() ignores a negative descriptor
    for (ssize_t i = 0; i < count; ++i) {
        const char byte = bytes[static_cast<std::size_t>(i)];
        if (byte != '\n') {
            if (command_.size() < command_bytes_max) command_ += byte;
            continue;
        }
        const std::string command = std::exchange(command_, {});
        if (!obey(command)) return false;
    }
    return true;
}

bool Simulation::obey(std::string_view command) {
    if (command == "quit") return false;
    if (command == "reset") {
        board_->reset();
        return true;
    }
    const std::size_t space = command.find(' ');
    const bool split = space != std::string_view::npos;
    const auto pin = parse_number(command.substr(0, space), pin_max);
    const auto millivolts = parse_number(split ? command.substr(space + 1) : "", millivolts_max);
    if (pin && millivolts)
        board_->set_millivolts(*pin, *millivolts);
    else
        std::fprintf(stderr, "unosim: expected \"PIN MILLIVOLTS\", reset or quit, got \"%.*s\"\n",
                     static_cast<int>(command.size()), command.data());
    return true;
}

}  // namespace weir::unosim
