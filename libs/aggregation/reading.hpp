// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/rules.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "json/extractor.hpp"
#include "json/time_zone.hpp"
#include "window/types.hpp"

namespace weir::aggregation {

/// What the aggregator wants to know of a record.
struct Reading {
    EventTime time{};
    std::string_view key;  ///< of several fields in the form of group_key.hpp
    std::span<const window::Input> inputs;
    /// With --distinct-by: what tells the key's readings apart. An integer, however it is written
    /// (17, 17.0), or the bytes of any other value, quotes included.
    window::Input id{};
    /// False when every field the aggregates are about is null or absent: the record opens its
    /// window and moves the watermark as any other, and no column counts it (as in Spark).
    bool counted = true;
};

/// Whose clock a record tells of, and how far it was ahead of the record's production.
struct ClockSign {
    std::string_view key;
    window::Duration ahead{};
};

/// Decides what of a record is a reading, by its bytes and its production time alone, so that a
/// replay decides the same.
///
/// Dead, with the reason: no value (a tombstone), anything that is not one JSON object in UTF-8
/// (bare NaN and Infinity included), no key or no time, a time that is none, before 1970 or too
/// far ahead, a field that is neither null nor of its type (a number in quotes is not a number), a
/// number beyond its type's range; with --distinct-by no string, number or boolean there.
///
/// Threads: one. Lifetime: a reading is valid until the next read(), and as long as the record.
class Reader {
public:
    /// The options must have been checked.
    explicit Reader(const Rules& rules);
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    /// `value` with data() nullptr is a tombstone; `produced_ms` < 0 means unknown. The error is
    /// the dead letter's reason.
    Result<Reading> read(std::string_view value, std::int64_t produced_ms);

    /// Of the record read last, also if it is dead for its time alone. Nothing if it is no reading
    /// or its production is unknown.
    [[nodiscard]] const std::optional<ClockSign>& clock() const { return clock_; }

    [[nodiscard]] const window::Aggregates& aggregates() const { return schema_.aggregates; }

private:
    std::string_view key_of(std::span<const json::Field> fields);
    [[nodiscard]] Result<void> check_ahead(EventTime time) const;

    Schema schema_;
    json::TimeZone zone_;
    std::optional<std::chrono::milliseconds> max_ahead_;
    std::size_t key_count_;
    bool has_id_;
    std::string key_;
    std::optional<ClockSign> clock_;
    std::vector<window::Input> inputs_;
    json::Extractor extractor_;
};

}  // namespace weir::aggregation
