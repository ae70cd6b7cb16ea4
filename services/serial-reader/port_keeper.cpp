// SPDX-License-Identifier: Apache-2.0
#include "port_keeper.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace weir::serial_reader {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds wait_first = 100ms;
// A device node that goes without a hang-up is noticed this late.
constexpr std::chrono::milliseconds look_interval = 1s;

}  // namespace

std::string_view PortKeeper::step(Clock::time_point now) {
    if (now >= due_) {
        if (!port_) {
            try_to_open(now);
        } else if (!port_->is_still_named()) {
            lose(now, options_.port + " is gone or is another device now");
        } else {
            due_ = now + look_interval;
        }
    }
    if (!port_) return {};
    const auto count = port_->read(bytes_);
    if (count) {
        if (*count > 0) wait_ = 0ms;  // not on opening: what opens may fail to read each time
        return {bytes_.data(), *count};
    }
    lose(now, count.error().message);
    return {};
}

void PortKeeper::try_to_open(Clock::time_point now) {
    auto port = SerialPort::open(options_.port, options_.baud, options_.framing);
    if (port) {
        port_ = std::move(*port);
        opened_ = true;
        trouble_.clear();
        open_fails_ = false;
        due_ = now + look_interval;
        log::info("the port is open", {{"port", options_.port},
                                       {"baud", options_.baud},
                                       {"framing", format_framing(options_.framing)}});
        return;
    }
    if (!open_fails_)
        log::warn("the port cannot be opened, trying again", {{"reason", port.error().message}});
    open_fails_ = true;
    trouble_ = port.error().message;
    wait_longer(now);
}

void PortKeeper::lose(Clock::time_point now, const std::string& reason) {
    log::warn("the port was lost", {{"reason", reason}});
    port_.reset();
    trouble_ = reason;
    wait_longer(now);
}

void PortKeeper::wait_longer(Clock::time_point now) {
    wait_ = std::clamp(2 * wait_, wait_first, options_.reopen_max);
    due_ = now + wait_;
}

}  // namespace weir::serial_reader
