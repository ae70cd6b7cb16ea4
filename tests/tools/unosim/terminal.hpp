// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace weir::unosim {

/// The board's end of a serial cable: the master side of a pseudo terminal.
///
/// Problem: once the last program closes the other side, the master side reports errors until the
/// next one opens it; so this class keeps the other side open itself. What nobody reads stays in
/// the kernel (4 KiB) and then is dropped, as on a real line.
class Terminal {
public:
    /// Opens a pseudo terminal in raw mode; with `link`, makes a symbolic link of that name to it.
    static Result<Terminal> open(const std::optional<std::string>& link);

    Terminal(Terminal&& other) noexcept;
    Terminal& operator=(Terminal&&) = delete;
    ~Terminal();

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] int descriptor() const { return master_; }

    /// A byte from whoever has the other side open, if there is one.
    std::optional<std::uint8_t> read();
    void write(std::uint8_t byte);

private:
    Terminal() = default;

    int master_ = -1;
    int slave_ = -1;
    std::string name_;
    std::string link_;
};

}  // namespace weir::unosim
