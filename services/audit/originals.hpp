// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "written_row.hpp"

namespace weir::audit {

/// A record that was passed on as it was, to the late or the dead-letter topic.
struct Original {
    Offset offset{};           ///< in the input
    std::uint64_t digest = 0;  ///< of key and value; see digest_of()
    bool cut = false;          ///< only the beginning of it was passed on

    // Of late records.
    Span window;
    std::optional<EventTime> watermark;

    // Where it is.
    Partition its_partition{};
    Offset its_offset{};
};

/// Where in which topic an original was.
struct Place {
    std::string_view topic;
    Partition partition{};
    Offset offset{};
};

/// Errors: a header is missing or says something no aggregator writes. Nothing where the record
/// has no such headers at all: it is another service's.
Result<std::optional<Place>> read_place(const Headers& headers);

/// Of a late record: its window and watermark. Errors: as above.
Result<void> read_lateness(const Headers& headers, Original& original);

/// The same for the same bytes.
std::uint64_t digest_of(std::string_view key, std::string_view value);

/// The originals of one input partition in one topic, looked up once, by rising offsets.
class Originals {
public:
    void add(const Original& original) { list_.push_back(original); }
    /// Between the last add() and the first take().
    void sort();

    /// Those of the record at `offset`. `unknown` gets those before it that nobody took.
    std::span<const Original> take(Offset offset,
                                   const std::function<void(const Original&)>& unknown);

    [[nodiscard]] std::span<const Original> all() const { return list_; }

    [[nodiscard]] std::uint64_t bytes() const { return list_.capacity() * sizeof(Original); }

private:
    std::vector<Original> list_;
    std::size_t next_ = 0;
};

}  // namespace weir::audit
