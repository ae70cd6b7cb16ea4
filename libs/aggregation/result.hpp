// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/rules.hpp"
#include "kafka/dead_letter.hpp"
#include "window/types.hpp"

namespace weir::aggregation {

/// Writes rows as the records of the output topics.
///
///     {"device_name":"device2","window":{"start":"2024-10-07T13:02:45.000Z","end":"…"},
///      "average":1.0}
///
/// Numbers have the digits Spark's JSON has: the shortest that read back, `1.0` and not `1`. A
/// column no reading took part in is null.
class ResultWriter {
public:
    explicit ResultWriter(const Rules& rules);

    /// The value; valid until the next call.
    std::string_view value(const window::Row& row);

    /// The record's key: the field grouped by, of several a JSON array. Valid until the next call.
    std::string_view key(const window::Row& row);

    /// What makes the row explain itself: window, count, final, revision, watermark, source.
    [[nodiscard]] kafka::HeaderList headers(const window::Row& row, std::string_view topic,
                                            Partition partition, std::string_view origin) const;

private:
    std::vector<std::string> key_names_;
    std::string window_field_;
    WindowForm window_form_;
    std::optional<int> round_;
    std::vector<std::string> columns_;
    std::string value_;
    std::string key_;
};

/// `<start>/<end>`, ISO 8601, UTC.
std::string window_text(const window::Window& window);

/// The headers of a late record; its key and value are the original's bytes.
kafka::HeaderList late_headers(const kafka::RecordView& record, const window::Verdict& verdict,
                               std::string_view origin);

}  // namespace weir::aggregation
