// SPDX-License-Identifier: Apache-2.0
#include "aggregation/reading.hpp"

#include <fmt/format.h>

#include "aggregation/group_key.hpp"
#include "base/assert.hpp"
#include "base/units.hpp"
#include "json/number.hpp"
#include "json/timestamp.hpp"

namespace weir::aggregation {
namespace {

/// The place of the time among the extractor's fields; the keys follow, then the inputs, and the
/// id if there is one.
constexpr std::size_t time_field = 0;
constexpr std::size_t first_key = 1;

template <typename T>
T checked(Result<T> result) {
    WEIR_ASSERT(result.ok(), "options were checked before they are used");
    return std::move(*result);
}

std::vector<json::FieldSpec> fields_of(const Rules& rules, const Schema& schema,
                                       const json::TimeZone& zone) {
    std::vector<json::FieldSpec> fields;
    fields.push_back({.pointer = checked(json::Pointer::from_option(rules.time)),
                      .type = json::FieldType::timestamp,
                      .timestamp = {.zone = &zone}});
    for (const std::string& key : key_fields(rules))
        fields.push_back({checked(json::Pointer::from_option(key)), json::FieldType::text});
    fields.insert(fields.end(), schema.fields.begin(), schema.fields.end());
    if (!rules.distinct_by.empty())
        fields.push_back(
            {checked(json::Pointer::from_option(rules.distinct_by)), json::FieldType::scalar});
    return fields;
}

window::Input input_of(const json::Field& field, window::FieldType type) {
    if (!field.present()) return window::Input::null();
    switch (type) {
        case window::FieldType::float64: return window::Input::of_number(field.float64);
        case window::FieldType::float32:
            return window::Input::of_number(static_cast<double>(field.float32));
        case window::FieldType::int64: return window::Input::of_integer(field.int64);
        case window::FieldType::string: return window::Input::of_text(field.text);
    }
    return window::Input::null();
}

/// Only what is surely the same value may be so: an integer with its digits, whatever else as it is
/// written. A number with more digits than a double has must not meet another one.
window::Input id_of(const json::Field& field) {
    if (!field.text.starts_with('"'))
        if (const auto integer = json::parse_int64(field.text))
            return window::Input::of_integer(*integer);
    return window::Input::of_text(field.text);
}

}  // namespace

Reader::Reader(const Rules& rules)
    : schema_(checked(compile(rules.aggregates, rules.bounds))),
      zone_(checked(json::TimeZone::load(rules.time_zone))),
      max_ahead_(rules.max_ahead),
      key_count_(key_fields(rules).size()),
      has_id_(!rules.distinct_by.empty()),
      inputs_(schema_.fields.size()),
      extractor_(fields_of(rules, schema_, zone_)) {}

Result<Reading> Reader::read(std::string_view value, std::int64_t produced_ms) {
    clock_.reset();
    if (value.data() == nullptr) return Error{"expected a JSON object, got no value (a tombstone)"};
    if (auto outcome = extractor_.extract(value); !outcome) return outcome.error();
    const auto fields = extractor_.fields();
    const EventTime time = fields[time_field].time;
    const std::string_view key = key_of(fields.subspan(first_key, key_count_));
    if (produced_ms >= 0)
        clock_ = {key, time - EventTime{std::chrono::milliseconds{produced_ms}}};
    if (auto outcome = check_ahead(time); !outcome) return outcome.error();

    bool counted = schema_.counts_records;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
        inputs_[i] = input_of(fields[first_key + key_count_ + i], schema_.types[i]);
        counted = counted || inputs_[i].kind != window::Input::Kind::null;
    }
    return Reading{time, key, inputs_, has_id_ ? id_of(fields.back()) : window::Input::null(),
                   counted};
}

std::string_view Reader::key_of(std::span<const json::Field> fields) {
    if (fields.size() == 1) return fields[0].text;
    key_.clear();
    for (const json::Field& field : fields)
        append_key_part(key_, field.text);
    return key_;
}

Result<void> Reader::check_ahead(EventTime time) const {
    if (!max_ahead_ || !clock_ || clock_->ahead <= *max_ahead_) return {};
    return Error{
        fmt::format("the event time {} is {} ahead of the record's production, more than {}",
                    json::iso_milliseconds(time), format_duration(clock_->ahead),
                    format_duration(*max_ahead_))};
}

}  // namespace weir::aggregation
