// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace weir::unosim {

Result<Terminal> Terminal::open(const std::optional<std::string>& link) {
    Terminal terminal;
    termios raw{};
    cfmakeraw(&raw);
    cfsetspeed(&raw, B9600);
    if (openpty(&terminal.master_, &terminal.slave_, nullptr, &raw, nullptr) != 0)
        return Error{
            fmt::format("opening a pseudo terminal: {}", std::system_category().message(errno))};
    fcntl(terminal.master_, F_SETFL, O_NONBLOCK);
    std::array<char, 64> name{};
    if (ptsname_r(terminal.master_, name.data(), name.size()) != 0)
        return Error{"naming a pseudo terminal: its name is longer than expected"};
    terminal.name_ = name.data();
    if (link) {
        unlink(link->c_str());
        if (symlink(terminal.name_.c_str(), link->c_str()) != 0)
            return Error{fmt::format("linking {} to {}: {}", *link, terminal.name_,
                                     std::system_category().message(errno))};
        terminal.link_ = *link;
    }
    return terminal;
}

Terminal::Terminal(Terminal&& other) noexcept
    : master_(std::exchange(other.master_, -1)),
      slave_(std::exchange(other.slave_, -1)),
      name_(std::move(other.name_)),
      link_(std::exchange(other.link_, {})) {}

Terminal::~Terminal() {
    if (!link_.empty()) unlink(link_.c_str());
    if (slave_ >= 0) close(slave_);
    if (master_ >= 0) close(master_);
}

std::optional<std::uint8_t> Terminal::read() {
    std::uint8_t byte = 0;
    if (::read(master_, &byte, 1) != 1) return std::nullopt;
    return byte;
}

void Terminal::write(std::uint8_t byte) {
    // A full terminal drops the byte: a UART does not wait for its reader either.
    [[maybe_unused]] const ssize_t written = ::write(master_, &byte, 1);
}

}  // namespace weir::unosim
