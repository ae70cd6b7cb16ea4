// SPDX-License-Identifier: Apache-2.0
#include "drop_watch.hpp"

#include <charconv>

namespace weir::mqtt_bridge {

std::optional<DropWatch::Report> DropWatch::see(std::string_view payload) {
    std::uint64_t count = 0;
    const char* const end = payload.data() + payload.size();
    const auto [stop, error] = std::from_chars(payload.data(), end, count);
    if (error != std::errc{} || stop != end || count == none) return std::nullopt;
    const std::uint64_t before = last_.exchange(count);
    // A broker that was restarted begins at 0 again.
    const std::uint64_t rise = before == none || count < before ? count : count - before;
    if (rise == 0) return std::nullopt;
    return Report{count, rise, before == none};
}

}  // namespace weir::mqtt_bridge
