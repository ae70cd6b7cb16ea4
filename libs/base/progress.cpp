// SPDX-License-Identifier: Apache-2.0
#include "base/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "base/log.hpp"
#include "base/units.hpp"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr auto terminal_interval = 250ms;
constexpr auto log_interval = 10s;

/// Back to the line's beginning, and nothing in it.
constexpr const char* clear_line = "\r\x1b[K";

}  // namespace

std::string progress_text(const Standing& standing) {
    const auto& [measure, records, elapsed] = standing;
    std::string text;
    const double part = measure.total > 0
                            ? static_cast<double>(measure.done) / static_cast<double>(measure.total)
                            : 0.0;
    if (measure.total > 0) text += fmt::format("{:.0f} %, ", part * 100);
    text += fmt::format("{} records", records);
    if (elapsed.count() <= 0) return text;
    text += fmt::format(", {:.0f}/s", static_cast<double>(records) / elapsed.count());
    if (part <= 0) return text;
    const auto left = std::chrono::ceil<std::chrono::seconds>(elapsed * ((1 - part) / part));
    return text + fmt::format(", {} left", left > 0s ? format_duration(left) : "0s");
}

Progress::Progress(Steady began, bool terminal_is_taken)
    : terminal_(::isatty(STDERR_FILENO) == 1), began_(began), next_(began) {
    if (!terminal_)
        next_ = began + log_interval;
    else if (terminal_is_taken)
        next_ = Steady::max();
}

void Progress::show(const Measure& measure, std::uint64_t records, Steady now) {
    const std::string text = progress_text({measure, records, now - began_});
    if (terminal_) {
        next_ = now + terminal_interval;
        std::fputs((clear_line + text).c_str(), stderr);
        shown_ = true;
    } else {
        next_ = now + log_interval;
        log::info("progress: " + text);
    }
}

void Progress::clear() {
    if (shown_) std::fputs(clear_line, stderr);
    shown_ = false;
}

}  // namespace weir
