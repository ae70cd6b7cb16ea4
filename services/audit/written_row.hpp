// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/types.hpp"

namespace weir::audit {

/// A span of event time, half open.
struct Span {
    EventTime start{};
    EventTime end{};

    auto operator<=>(const Span&) const = default;
};

/// Where a result comes from: weir-source.
struct Source {
    std::string topic;
    Partition partition{};
    Offset first{};
    Offset last{};
};

/// A record of a results topic, as its headers say (docs/topics.md).
struct WrittenRow {
    std::string key;
    std::string value;
    Span window;
    std::uint32_t revision = 0;
    std::uint64_t count = 0;
    std::optional<EventTime> watermark;  ///< nothing where it says `none`
    Source source;
    std::string beyond_bound;
    bool incomplete = false;

    // Where it is itself.
    Partition partition{};
    Offset offset{};
};

/// The value of a record's header of that name.
using Headers = std::function<std::optional<std::string_view>(std::string_view name)>;

/// Takes the headers apart; key, value and place are the caller's. Errors: one is missing or says
/// something no aggregator writes, named by the header.
Result<WrittenRow> read_headers(const Headers& headers);

/// weir-window alone.
Result<Span> read_window(const Headers& headers);

/// `2024-10-07T13:02:45.000Z/2024-10-07T13:03:00.000Z`.
std::string text(const Span& window);

}  // namespace weir::audit
