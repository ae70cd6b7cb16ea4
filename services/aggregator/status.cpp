// SPDX-License-Identifier: Apache-2.0
#include "status.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "aggregation/group_key.hpp"
#include "json/timestamp.hpp"
#include "json/writer.hpp"
#include "kafka/headers.hpp"

namespace weir::aggregator {
namespace {

constexpr std::array words{std::pair{std::string_view("present"), Status::present},
                           std::pair{std::string_view("missing"), Status::missing},
                           std::pair{std::string_view("back"), Status::back}};

std::string_view word_of(Status status) {
    for (const auto& [word, meaning] : words)
        if (meaning == status) return word;
    return {};
}

std::vector<json::FieldSpec> fields_of(const Options& options) {
    std::vector<json::FieldSpec> fields{
        {json::Pointer::member("status"), json::FieldType::string},
        {json::Pointer::member("last"), json::FieldType::timestamp},
    };
    for (const std::string& name : key_names(options))
        fields.push_back({json::Pointer::member(name), json::FieldType::string});
    return fields;
}

/// The last offset of a weir-source.
Result<Offset> offset_in(std::string_view source) {
    const std::string_view digits = source.substr(source.rfind('-') + 1);
    std::int64_t offset = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
    if (code == std::errc{} && end == digits.data() + digits.size() && offset >= 0)
        return Offset{offset};
    return Error{fmt::format("expected {} to be <topic>/<partition>:<first>-<last>, got \"{}\"",
                             kafka::header::source, source)};
}

}  // namespace

StatusWriter::StatusWriter(const Options& options) : key_names_(key_names(options)) {}

std::string_view StatusWriter::value(const StatusRecord& record) {
    value_.clear();
    json::Writer writer(value_, json::NumberStyle::java);
    writer.begin_object();
    write_key_members(writer, key_names_, record.key);
    writer.key("status").string(word_of(record.status));
    writer.key("last").string(json::iso(record.last));
    if (record.status == Status::missing) writer.key("since").string(json::iso(record.since));
    if (record.status == Status::back)
        writer.key("away_ms").number(
            std::int64_t{std::chrono::floor<std::chrono::milliseconds>(record.away).count()});
    writer.end_object();
    return value_;
}

std::string_view StatusWriter::key(const StatusRecord& record) {
    return record_key(key_names_.size(), record.key, key_);
}

kafka::HeaderList StatusWriter::headers(const StatusRecord& record, std::string_view topic,
                                        Partition partition, std::string_view origin) {
    kafka::HeaderList list;
    list.add(kafka::header::origin, std::string(origin));
    list.add(kafka::header::source,
             fmt::format("{}/{}:{}-{}", topic, number(partition), number(record.last_offset),
                         number(record.last_offset)));
    return list;
}

StatusParser::StatusParser(const Options& options)
    : key_count_(key_fields(options).size()), extractor_(fields_of(options)) {}

Result<StatusRecord> StatusParser::read(std::string_view value, std::string_view source) {
    if (auto outcome = extractor_.extract(value); !outcome) return outcome.error();
    const auto offset = offset_in(source);
    if (!offset) return offset.error();
    const auto fields = extractor_.fields();
    StatusRecord record{.key = fields[2].text, .last = fields[1].time, .last_offset = *offset};
    if (key_count_ > 1) {
        key_.clear();
        for (const json::Field& field : fields.subspan(2))
            append_key_part(key_, field.text);
        record.key = key_;
    }
    for (const auto& [word, status] : words) {
        if (word != fields[0].text) continue;
        record.status = status;
        return record;
    }
    return Error{
        fmt::format("expected status present, missing or back, got \"{}\"", fields[0].text)};
}

}  // namespace weir::aggregator
