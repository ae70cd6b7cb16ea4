// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "file_descriptor.hpp"

namespace weir::serial_reader {

/// How a byte travels on the line, written as 8N1, 7E1, 8O2 and so on.
struct Framing {
    enum class Parity : std::uint8_t { none, even, odd };

    unsigned data_bits = 8;  ///< 5 to 8
    Parity parity = Parity::none;
    unsigned stop_bits = 1;  ///< 1 or 2
    bool operator==(const Framing&) const = default;
};

/// Errors: a sentence that names the text and what is expected.
Result<Framing> parse_framing(std::string_view text);
std::string format_framing(Framing framing);

/// Whether Linux has a standard name for the rate.
bool is_standard_baud(std::uint32_t baud);

/// A serial device, or a pseudo terminal that stands in for one, opened for reading.
///
/// Raw: no echo, no line editing, no flow control. A byte with a parity error and a break arrive
/// as a zero byte, so that whoever parses the line sees that something was there. The port is
/// ours alone; a second reader would take bytes out of our lines.
///
/// Threads: one.
class SerialPort {
public:
    /// Opens without waiting for a carrier, and discards what came in before.
    /// Errors: a sentence with the path and the system's reason; worth another try later.
    static Result<SerialPort> open(const std::string& path, std::uint32_t baud, Framing framing);

    /// For poll(): readable when read() has something to say.
    [[nodiscard]] int descriptor() const { return device_.get(); }

    /// Reads what waits, without waiting; 0 when nothing does.
    /// Errors: the device is gone (unplugged, or its other end closed): open it anew.
    Result<std::size_t> read(std::span<char> bytes);

    /// False when the path it was opened by is gone or has become another device.
    [[nodiscard]] bool is_still_named() const;

private:
    SerialPort(std::string path, FileDescriptor device)
        : path_(std::move(path)), device_(std::move(device)) {}

    std::string path_;
    FileDescriptor device_;
};

}  // namespace weir::serial_reader
