// SPDX-License-Identifier: Apache-2.0
#include "reader.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <stop_token>

#include "base/log.hpp"
#include "base/units.hpp"
#include "intake.hpp"
#include "port_keeper.hpp"
#include "sender.hpp"
#include "wake_up.hpp"

namespace weir::serial_reader {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Nothing is due later than this, so that silence is noticed and the pulse beats.
constexpr std::chrono::milliseconds idle_max = 1s;
// Far beyond the slowest disk: a loop that has not come round for so long hangs.
constexpr std::chrono::milliseconds hang_limit = 60s;

class Loop {
public:
    Loop(const Options& options, ReadingBuffer& buffer, runtime::Service& service)
        : options_(options),
          buffer_(buffer),
          port_(options),
          intake_(options, buffer, service),
          sender_(options, buffer, service, wake_up_),
          port_condition_(service.health().condition("serial")),
          pulse_(service.health().pulse("reader", hang_limit)),
          opens_(service.metrics().counter("weir_port_opens_total",
                                           "How often the serial port was opened.")) {}

    void run(const std::stop_token& stop) {
        const std::stop_callback ring(stop, [this] { wake_up_.ring(); });
        quiet_since_ = Clock::now();
        while (!stop.stop_requested()) {
            const Clock::time_point now = Clock::now();
            read_port(now);
            sender_.step(now);
            sync(now);
            report_port(now);
            pulse_.beat(now);
            wait(now);
        }
        sync_now();
        sender_.close();
    }

private:
    void read_port(Clock::time_point now) {
        const std::string_view bytes = port_.step(now);
        if (port_.take_opened()) {
            opens_.add();
            intake_.restart();
            quiet_since_ = now;
        }
        const auto arrival =
            std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
        intake_.take(bytes, arrival, now);
    }

    void sync(Clock::time_point now) {
        if (now < sync_due_) return;
        sync_due_ = now + options_.buffer_sync;
        sync_now();
    }

    void sync_now() {
        const auto synced = buffer_.sync();
        if (!synced && !sync_fails_)
            log::error("the buffer cannot be made safe from a power cut",
                       {{"reason", synced.error().message}});
        sync_fails_ = !synced;
    }

    void report_port(Clock::time_point now) {
        if (const auto good = intake_.last_good()) quiet_since_ = std::max(quiet_since_, *good);
        if (!port_.trouble().empty()) {
            port_condition_.unmet(port_.trouble());
        } else if (now - quiet_since_ >= options_.silence) {
            const auto rejection = intake_.last_rejection();
            port_condition_.unmet(fmt::format(
                "{}: no reading for {}{}{}", options_.port, format_duration(options_.silence),
                rejection ? ", last line rejected: " : "", rejection ? name(*rejection) : ""));
        } else if (intake_.last_good() && *intake_.last_good() >= quiet_since_) {
            port_condition_.met();
        }
    }

    void wait(Clock::time_point now) {
        Clock::time_point until = std::min({now + idle_max, port_.due(), sender_.due()});
        if (options_.buffer_sync > 0ms) until = std::min(until, sync_due_);
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        std::array<pollfd, 2> events{
            {{port_.descriptor(), POLLIN, 0}, {wake_up_.descriptor(), POLLIN, 0}}};
        if (::poll(events.data(), events.size(), static_cast<int>(std::max(left, 0ms).count())) > 0)
            wake_up_.quiet();
    }

    const Options& options_;
    ReadingBuffer& buffer_;
    WakeUp wake_up_;
    PortKeeper port_;
    Intake intake_;
    Sender sender_;
    runtime::Health::Condition& port_condition_;
    runtime::Health::Pulse& pulse_;
    runtime::Counter opens_;
    Clock::time_point quiet_since_;  // no reading since then
    Clock::time_point sync_due_{};
    bool sync_fails_ = false;
};

}  // namespace

Result<void> run(const Options& options, runtime::Service& service) {
    const auto folder = std::filesystem::path(options.buffer) / options.device;
    auto buffer = ReadingBuffer::open(folder, options.buffer_size);
    if (!buffer) return Error{fmt::format("--buffer: {}", buffer.error().message)};
    if (const Sequence left = (*buffer)->end() - (*buffer)->released_to(); left > 0)
        log::info("readings of an earlier run are waiting", {{"readings", left}});
    Loop(options, **buffer, service).run(service.stop());
    return {};
}

}  // namespace weir::serial_reader
