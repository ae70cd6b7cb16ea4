// SPDX-License-Identifier: Apache-2.0
#include "aggregation/result.hpp"

#include <fmt/format.h>

#include "aggregation/group_key.hpp"
#include "json/number.hpp"
#include "json/timestamp.hpp"
#include "json/writer.hpp"
#include "kafka/headers.hpp"

namespace weir::aggregation {
namespace {

void write_value(json::Writer& writer, const window::Output& output, std::optional<int> round) {
    switch (output.kind) {
        case window::Output::Kind::null:
        case window::Output::Kind::beyond: writer.null(); return;
        case window::Output::Kind::text: writer.string(output.text); return;
        case window::Output::Kind::int64: writer.number(output.int64); return;
        case window::Output::Kind::float32:
            writer.number(round ? json::round_half_up(output.float32, *round) : output.float32);
            return;
        case window::Output::Kind::float64:
            writer.number(round ? json::round_half_up(output.float64, *round) : output.float64);
            return;
    }
}

std::string watermark_text(EventTime watermark) {
    return watermark < EventTime{} ? "none" : json::iso_milliseconds(watermark);
}

}  // namespace

ResultWriter::ResultWriter(const Rules& rules)
    : key_names_(key_names(rules)),
      window_field_(rules.window_field),
      window_form_(rules.window_form),
      round_(rules.round) {
    for (const AggregateSpec& spec : rules.aggregates)
        columns_.push_back(spec.output);
}

std::string_view ResultWriter::value(const window::Row& row) {
    value_.clear();
    json::Writer writer(value_, json::NumberStyle::java);
    const std::string start = json::iso(row.window.start);
    const std::string end = json::iso(row.window.end);
    writer.begin_object();
    write_key_members(writer, key_names_, row.key);
    if (window_form_ == WindowForm::nested) {
        writer.key(window_field_).begin_object();
        writer.key("start").string(start).key("end").string(end).end_object();
    } else {
        writer.key(window_field_ + "_start").string(start);
        writer.key(window_field_ + "_end").string(end);
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        writer.key(columns_[i]);
        write_value(writer, row.values[i], round_);
    }
    writer.end_object();
    return value_;
}

std::string_view ResultWriter::key(const window::Row& row) {
    return record_key(key_names_.size(), row.key, key_);
}

kafka::HeaderList ResultWriter::headers(const window::Row& row, std::string_view topic,
                                        Partition partition, std::string_view origin) const {
    namespace header = kafka::header;
    const bool is_final = row.finality == window::Finality::final;
    kafka::HeaderList list;
    list.add(header::origin, std::string(origin));
    list.add(header::window, window_text(row.window));
    list.add(header::count, static_cast<std::int64_t>(row.records));
    list.add(header::final_result, is_final ? "true" : "false");
    if (is_final) list.add(header::revision, std::int64_t{row.revision});
    list.add(header::watermark, watermark_text(row.watermark));
    list.add(header::source, fmt::format("{}/{}:{}-{}", topic, number(partition),
                                         number(row.first_offset), number(row.last_offset)));
    std::string beyond;
    for (std::size_t i = 0; i < columns_.size(); ++i)
        if (row.values[i].kind == window::Output::Kind::beyond)
            beyond += (beyond.empty() ? "" : ",") + columns_[i];
    if (!beyond.empty()) list.add(header::beyond_bound, std::move(beyond));
    if (!row.complete)
        list.add(header::incomplete, "the input was not read from before the window's start");
    return list;
}

std::string window_text(const window::Window& window) {
    return json::iso(window.start) + "/" + json::iso(window.end);
}

kafka::HeaderList late_headers(const kafka::RecordView& record, const window::Verdict& verdict,
                               std::string_view origin) {
    namespace header = kafka::header;
    kafka::HeaderList list = kafka::found_at(record, origin);
    list.add(header::window, window_text(verdict.window));
    list.add(header::watermark, watermark_text(verdict.watermark));
    const auto late_by = std::chrono::ceil<std::chrono::milliseconds>(verdict.late_by);
    list.add(header::late_by_ms, std::int64_t{late_by.count()});
    return list;
}

}  // namespace weir::aggregation
