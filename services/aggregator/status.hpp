// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attendance.hpp"
#include "base/result.hpp"
#include "json/extractor.hpp"
#include "kafka/dead_letter.hpp"
#include "options.hpp"

namespace weir::aggregator {

/// The members of a status record beside the key's fields.
inline constexpr std::string_view status_members[] = {"status", "last", "since", "away_ms"};

/// Writes status records.
///
///     {"device_name":"device2","status":"missing","last":"2024-10-07T13:02:45.123Z",
///      "since":"2024-10-07T13:02:55.123Z"}
///
/// A key that is back has `away_ms` instead of `since`; one that is present has neither.
class StatusWriter {
public:
    explicit StatusWriter(const Options& options);

    /// Valid until the next call, both.
    std::string_view value(const StatusRecord& record);
    std::string_view key(const StatusRecord& record);

    /// Who says so, and where the key's last reading is.
    [[nodiscard]] static kafka::HeaderList headers(const StatusRecord& record,
                                                   std::string_view topic, Partition partition,
                                                   std::string_view origin);

private:
    std::vector<std::string> key_names_;
    std::string value_;
    std::string key_;
};

/// Reads what StatusWriter wrote.
/// Threads: one. Lifetime: the record's key is valid until the next read().
class StatusParser {
public:
    explicit StatusParser(const Options& options);

    /// `source` is the header weir-source. Of what the status brings only what
    /// Attendance::restore() needs: status, key, last, last_offset. Errors: what was expected.
    Result<StatusRecord> read(std::string_view value, std::string_view source);

private:
    std::size_t key_count_;
    json::Extractor extractor_;
    std::string key_;
};

}  // namespace weir::aggregator
