// SPDX-License-Identifier: Apache-2.0
#include "row_reading.hpp"

#include <fmt/format.h>

#include "kafka/headers.hpp"

namespace weir::audit {
namespace {

Headers headers_of(const kafka::RecordView& record) {
    return [&record](std::string_view name) { return record.header(name); };
}

Error mistake(const kafka::RecordView& record, std::string_view what, const Error& why) {
    return Error{fmt::format("the record at {}:{} of {} is no {}: {}", number(record.partition),
                             number(record.offset), record.topic, what, why.message)};
}

}  // namespace

Result<WrittenRow> read_row(const kafka::RecordView& record) {
    auto row = read_headers(headers_of(record));
    if (!row) return mistake(record, "final result", row.error());
    row->key = record.key;
    row->value = record.value;
    row->partition = record.partition;
    row->offset = record.offset;
    return row;
}

Result<std::optional<PassedOn>> read_original(const kafka::RecordView& record, bool late) {
    const auto headers = headers_of(record);
    const char* const what = late ? "late record" : "dead letter of an aggregator";
    const auto place = read_place(headers);
    if (!place) return mistake(record, what, place.error());
    if (!*place) return std::optional<PassedOn>{};
    PassedOn found{std::string((*place)->topic), (*place)->partition, {}};
    Original& original = found.original;
    original.offset = (*place)->offset;
    original.digest = digest_of(record.key, record.value);
    original.cut = record.header(kafka::header::original_bytes).has_value();
    original.its_partition = record.partition;
    original.its_offset = record.offset;
    if (late)
        if (auto read = read_lateness(headers, original); !read)
            return mistake(record, what, read.error());
    return std::optional(std::move(found));
}

}  // namespace weir::audit
