// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace weir::aggregator {
namespace {

json::FieldSpec raw(json::Pointer pointer) {
    return {std::move(pointer), json::FieldType::raw, json::Presence::optional};
}

json::Pointer member_of(const std::string& object, std::string_view name) {
    auto pointer = json::Pointer::parse(json::Pointer::member(object).text() + std::string(name));
    WEIR_ASSERT(pointer.ok(), "a member's pointer and one more token are a pointer");
    return std::move(*pointer);
}

/// Where a result has what the table shows; ResultWriter puts it there.
std::vector<json::FieldSpec> fields_of(const Options& options) {
    std::vector<json::FieldSpec> fields;
    for (const std::string& name : key_names(options))
        fields.push_back(raw(json::Pointer::member(name)));
    for (const std::string end : {"start", "end"})
        fields.push_back(raw(options.window_form == WindowForm::nested
                                 ? member_of(options.window_field, "/" + end)
                                 : json::Pointer::member(options.window_field + "_" + end)));
    for (const AggregateSpec& spec : options.aggregates)
        fields.push_back(raw(json::Pointer::member(spec.output)));
    return fields;
}

/// In characters; the bytes of a character after its first are 10xxxxxx.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
    }));
}

std::string_view without_quotes(std::string_view json) {
    return json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
}

}  // namespace

Table::Table(const Options& options)
    : left_aligned_(key_names(options).size() + 2), extractor_(fields_of(options)) {
    Cells headings = key_names(options);
    headings.insert(headings.end(), {"start", "end"});
    for (const AggregateSpec& spec : options.aggregates)
        headings.push_back(spec.output);
    widths_.resize(headings.size());
    measure(headings);
    held_.push_back(std::move(headings));
}

void Table::measure(const Cells& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i)
        widths_[i] = std::max(widths_[i], width_of(cells[i]));
}

void Table::write(const Cells& cells, std::string& out) const {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string padding(widths_[i] - std::min(widths_[i], width_of(cells[i])), ' ');
        if (i > 0) line += "  ";
        line += i < left_aligned_ ? cells[i] + padding : padding + cells[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
}

void Table::add(std::string_view value, std::string& out) {
    const auto read = extractor_.extract(value);
    WEIR_ASSERT(read.ok(), "a result is a JSON object");
    Cells cells;
    for (const json::Field& field : extractor_.fields())
        cells.emplace_back(without_quotes(field.present() ? field.text : "null"));
    if (!measuring_) return write(cells, out);
    measure(cells);
    held_.push_back(std::move(cells));
    if (held_.size() > rows_measured) finish(out);
}

void Table::finish(std::string& out) {
    measuring_ = false;
    for (const Cells& cells : held_)
        write(cells, out);
    held_.clear();
}

}  // namespace weir::aggregator
