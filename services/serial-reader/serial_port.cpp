// SPDX-License-Identifier: Apache-2.0
#include "serial_port.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace weir::serial_reader {
namespace {

struct Rate {
    std::uint32_t baud;
    speed_t code;
};

constexpr std::array rates{
    Rate{50, B50},           Rate{75, B75},           Rate{110, B110},
    Rate{134, B134},         Rate{150, B150},         Rate{200, B200},
    Rate{300, B300},         Rate{600, B600},         Rate{1200, B1200},
    Rate{1800, B1800},       Rate{2400, B2400},       Rate{4800, B4800},
    Rate{9600, B9600},       Rate{19200, B19200},     Rate{38400, B38400},
    Rate{57600, B57600},     Rate{115200, B115200},   Rate{230400, B230400},
    Rate{460800, B460800},   Rate{500000, B500000},   Rate{576000, B576000},
    Rate{921600, B921600},   Rate{1000000, B1000000}, Rate{1152000, B1152000},
    Rate{1500000, B1500000}, Rate{2000000, B2000000}, Rate{2500000, B2500000},
    Rate{3000000, B3000000}, Rate{3500000, B3500000}, Rate{4000000, B4000000},
};

constexpr std::array<tcflag_t, 4> data_bits_codes{CS5, CS6, CS7, CS8};
constexpr unsigned data_bits_min = 5;

const Rate* find_rate(std::uint32_t baud) {
    const auto rate =
        std::find_if(rates.begin(), rates.end(), [baud](const Rate& r) { return r.baud == baud; });
    return rate == rates.end() ? nullptr : rate;
}

Error port_error(std::string_view doing, const std::string& path) {
    return Error{fmt::format("{} {}: {}", doing, path, std::system_category().message(errno))};
}

/// Linux gives the major numbers 136 to 143 to the Unix 98 pseudo terminals.
bool is_pseudo_terminal(const struct stat& status) {
    const unsigned number = major(status.st_rdev);
    return number >= 136 && number <= 143;
}

Result<void> make_exclusive(int device, const std::string& path) {
    if (flock(device, LOCK_EX | LOCK_NB) != 0)
        return Error{fmt::format("locking {}: another process reads it", path)};
    // On a pseudo terminal this mark outlives its maker for as long as the other end is open, and
    // would lock out our own restart.
    struct stat status {};
    if (fstat(device, &status) != 0) return port_error("examining", path);
    if (!is_pseudo_terminal(status) && ioctl(device, TIOCEXCL) != 0)
        return port_error("reserving", path);
    return {};
}

Result<void> configure(int device, const std::string& path, std::uint32_t baud, Framing framing) {
    const Rate* rate = find_rate(baud);
    WEIR_ASSERT(rate != nullptr, "the options refuse rates that are not standard");
    termios settings{};
    if (tcgetattr(device, &settings) != 0) return port_error("reading the settings of", path);
    cfmakeraw(&settings);
    settings.c_cflag &= ~static_cast<tcflag_t>(CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS);
    settings.c_cflag |= CLOCAL | CREAD | data_bits_codes.at(framing.data_bits - data_bits_min);
    settings.c_iflag &= ~static_cast<tcflag_t>(IXOFF | IXANY | IGNPAR | INPCK);
    if (framing.stop_bits == 2) settings.c_cflag |= CSTOPB;
    if (framing.parity != Framing::Parity::none) {
        settings.c_cflag |= PARENB;
        settings.c_iflag |= INPCK;
    }
    if (framing.parity == Framing::Parity::odd) settings.c_cflag |= PARODD;
    settings.c_cc[VMIN] = 1;  // so that 0 bytes mean a hang-up, never "nothing yet"
    settings.c_cc[VTIME] = 0;
    cfsetspeed(&settings, rate->code);
    if (tcsetattr(device, TCSANOW, &settings) != 0) return port_error("setting up", path);
    if (tcflush(device, TCIFLUSH) != 0) return port_error("flushing", path);
    return {};
}

}  // namespace

Result<Framing> parse_framing(std::string_view text) {
    const Error error{
        fmt::format("expected 5 to 8 data bits, N, E or O, and 1 or 2 stop bits, such as 8N1, "
                    "got \"{}\"",
                    text)};
    if (text.size() != 3 || text[0] < '5' || text[0] > '8' || text[2] < '1' || text[2] > '2')
        return error;
    constexpr std::string_view parities = "NEO";
    const std::size_t parity = parities.find(text[1]);
    if (parity == std::string_view::npos) return error;
    return Framing{static_cast<unsigned>(text[0] - '0'), static_cast<Framing::Parity>(parity),
                   static_cast<unsigned>(text[2] - '0')};
}

std::string format_framing(Framing framing) {
    return fmt::format("{}{}{}", framing.data_bits, "NEO"[static_cast<std::size_t>(framing.parity)],
                       framing.stop_bits);
}

bool is_standard_baud(std::uint32_t baud) { return find_rate(baud) != nullptr; }

Result<SerialPort> SerialPort::open(const std::string& path, std::uint32_t baud, Framing framing) {
    FileDescriptor device(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!device) return port_error("opening", path);
    if (isatty(device.get()) == 0)
        return Error{
            fmt::format("opening {}: expected a serial device or a pseudo terminal", path)};
    if (const auto ours = make_exclusive(device.get(), path); !ours) return ours.error();
    if (const auto ready = configure(device.get(), path, baud, framing); !ready)
        return ready.error();
    return SerialPort(path, std::move(device));
}

Result<std::size_t> SerialPort::read(std::span<char> bytes) {
    const ssize_t count = ::read(device_.get(), bytes.data(), bytes.size());
    if (count > 0) return static_cast<std::size_t>(count);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return std::size_t{0};
    if (count == 0) return Error{fmt::format("reading {}: hung up", path_)};
    return port_error("reading", path_);
}

bool SerialPort::is_still_named() const {
    struct stat named {};
    struct stat opened {};
    return stat(path_.c_str(), &named) == 0 && fstat(device_.get(), &opened) == 0 &&
           named.st_rdev == opened.st_rdev && named.st_ino == opened.st_ino &&
           named.st_dev == opened.st_dev;
}

}  // namespace weir::serial_reader
