// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace weir::unosim {

/// An Arduino Uno: an ATmega328P at 16 MHz and 5 V with a firmware in its flash.
///
/// Threads: one.
class Board {
public:
    using Receiver = std::function<void(std::uint8_t)>;

    /// Loads the ELF file and powers the board. `receiver` gets every byte the UART sends, at the
    /// pace of its baud rate in MCU time.
    /// Errors: the file cannot be read, or simavr has no ATmega328P.
    static Result<std::unique_ptr<Board>> power_up(const std::string& firmware, Receiver receiver);

    virtual ~Board() = default;

    /// Runs the firmware for `duration` of its own time. False when it has crashed or ended.
    [[nodiscard]] virtual bool run(std::chrono::microseconds duration) = 0;

    /// Sets the voltage of analog pin `pin`, 0 to 7.
    virtual void set_millivolts(unsigned pin, std::uint32_t millivolts) = 0;

    /// True while the UART's input has room for a byte.
    [[nodiscard]] virtual bool can_take() const = 0;
    virtual void send(std::uint8_t byte) = 0;

    /// The reset button. Pins keep their voltages.
    virtual void reset() = 0;
};

}  // namespace weir::unosim
