// SPDX-License-Identifier: Apache-2.0
#include "judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace weir::chaos {
namespace {

constexpr std::size_t examples_max = 20;

std::string window_text(Micros start, Micros end) {
    return time_text(start) + "/" + time_text(end);
}

std::string name_of(const Row& row) { return row.key + " " + window_text(row.start, row.end); }

/// Takes `,"name":` and what is up to the next comma or brace.
std::string_view take_column(std::string_view& text, std::string_view name) {
    const std::string prefix = fmt::format(R"(,"{}":)", name);
    if (!text.starts_with(prefix)) return {};
    text.remove_prefix(prefix.size());
    const std::string_view token = text.substr(0, text.find_first_of(",}"));
    text.remove_prefix(token.size());
    return token;
}

template <typename Number>
bool is_number(std::string_view token, Number expected) {
    Number value{};
    const char* const end = token.data() + token.size();
    const auto [stop, error] = std::from_chars(token.data(), end, value);
    return error == std::errc{} && stop == end && value == expected;
}

/// Empty when the column is as expected, null where nothing is.
template <typename Number>
std::string column_fault(std::string_view& text, std::string_view name,
                         std::optional<Number> expected) {
    const std::string_view token = take_column(text, name);
    if (expected ? is_number(token, *expected) : token == "null") return {};
    return fmt::format("{} is {}, expected {}", name, token.empty() ? "not there" : token,
                       expected ? fmt::format("{}", *expected) : "null");
}

/// The columns that tests/chaos asks for, in their order.
std::string value_fault(const Row& row, std::string_view value) {
    const std::string begin =
        fmt::format(R"({{"device_name":"{}","window":{{"start":"{}","end":"{}"}})", row.key,
                    time_text(row.start), time_text(row.end));
    if (!value.starts_with(begin)) return fmt::format("it is {}", value);
    value.remove_prefix(begin.size());
    const auto of_values = [&](double number) {
        return row.values > 0 ? std::optional(number) : std::nullopt;
    };
    std::string fault;
    const auto check = [&](std::string_view name, auto expected) {
        if (fault.empty()) fault = column_fault(value, name, expected);
    };
    check("n", std::optional(row.records));
    check("seen", std::optional(row.values));
    check("mean", of_values(row.sum / static_cast<double>(row.values)));
    check("low", of_values(row.low));
    check("high", of_values(row.high));
    check("units", row.units);
    check("first", row.first_units ? std::optional(row.first_units->value) : std::nullopt);
    check("last", row.last_data ? std::optional(row.last_data->value) : std::nullopt);
    if (fault.empty() && value != "}") fault = fmt::format("more follows: {}", value);
    return fault;
}

std::string header_fault(const Record& record, const char* name, const std::string& expected) {
    const auto found = record.header(name);
    if (found && *found == expected) return {};
    return fmt::format("{} is {}, expected {}", name, found.value_or("not there"), expected);
}

}  // namespace

void Findings::example(std::string sentence) {
    if (examples.size() < examples_max) examples.push_back(std::move(sentence));
}

Judge::Judge(const Expectation& expectation, std::string input, int partition, Findings& findings)
    : expectation_(expectation),
      input_(std::move(input)),
      partition_(partition),
      findings_(findings) {
    const auto& rows = expectation.rows();
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows_by_name_.emplace(name_of(rows[i]), i);
    seen_rows_.marks.resize(rows.size());
    seen_late_.marks.resize(expectation.late().size());
    seen_dead_.marks.resize(expectation.dead().size());
    findings_.records += expectation.records();
}

bool Judge::mark(Seen& seen, std::size_t index, Count& count) {
    if (seen.marks[index]) {
        ++count.duplicate;
        return false;
    }
    seen.marks[index] = true;
    if (index < seen.furthest) ++count.disordered;
    seen.furthest = std::max(seen.furthest, index);
    return true;
}

void Judge::row(const Record& record) {
    Count& count = findings_.rows;
    ++count.found;
    const std::string name =
        fmt::format("{} {}", record.key, record.header("weir-window").value_or("without window"));
    const auto place = rows_by_name_.find(name);
    if (place == rows_by_name_.end()) {
        ++count.wrong;
        findings_.example(fmt::format("row {}: nothing was expected", name));
        return;
    }
    const Row& row = expectation_.rows()[place->second];
    if (row.watermark) findings_.row_times_ms.push_back(record.timestamp_ms);
    if (!mark(seen_rows_, place->second, count))
        findings_.example(fmt::format("row {}: it was written before", name));
    if (const std::string fault = row_fault(row, record); !fault.empty()) {
        ++count.wrong;
        findings_.example(fmt::format("row {}: {}", name, fault));
    }
}

std::string Judge::row_fault(const Row& row, const Record& record) const {
    if (record.header("weir-incomplete")) return "it is marked weir-incomplete";
    std::string fault = value_fault(row, record.value);
    const auto check = [&](const char* name, const std::string& expected) {
        if (fault.empty()) fault = header_fault(record, name, expected);
    };
    check("weir-count", std::to_string(row.records));
    check("weir-final", "true");
    check("weir-revision", "0");
    check("weir-source",
          fmt::format("{}/{}:{}-{}", input_, partition_, row.first_offset, row.last_offset));
    if (row.watermark) check("weir-watermark", time_text(*row.watermark));
    return fault;
}

void Judge::late(const Record& record) {
    original(record, expectation_.late(), seen_late_, findings_.late, "late");
}

void Judge::dead(const Record& record) {
    original(record, expectation_.dead(), seen_dead_, findings_.dead, "dead");
}

void Judge::original(const Record& record, const std::vector<Original>& expected, Seen& seen,
                     Count& count, const char* kind) {
    ++count.found;
    const std::string_view text = record.header("weir-offset").value_or("");
    std::int64_t offset = -1;
    std::from_chars(text.data(), text.data() + text.size(), offset);
    const auto place = std::lower_bound(
        expected.begin(), expected.end(), offset,
        [](const Original& original, std::int64_t wanted) { return original.offset < wanted; });
    if (place == expected.end() || place->offset != offset) {
        ++count.wrong;
        findings_.example(fmt::format("{} record of offset {} in {}: nothing was expected", kind,
                                      text, partition_));
        return;
    }
    if (!mark(seen, static_cast<std::size_t>(place - expected.begin()), count))
        findings_.example(
            fmt::format("{} record of {}/{}: it was written before", kind, partition_, text));
    const bool late = &count == &findings_.late;
    if (const std::string fault = original_fault(*place, record, late); !fault.empty()) {
        ++count.wrong;
        findings_.example(fmt::format("{} record of {}/{}: {}", kind, partition_, text, fault));
    }
}

std::string Judge::original_fault(const Original& original, const Record& record, bool late) const {
    if (record.key != original.key)
        return fmt::format("its key is {}, was {}", record.key, original.key);
    if (record.value != original.value)
        return fmt::format("it is {}, was {}", record.value, original.value);
    std::string fault;
    const auto check = [&](const char* name, const std::string& expected) {
        if (fault.empty()) fault = header_fault(record, name, expected);
    };
    check("weir-topic", input_);
    check("weir-partition", std::to_string(partition_));
    if (!late) return record.header("weir-error").value_or("").empty() ? "no weir-error" : fault;
    const Micros size = expectation_.windows().size;
    check("weir-window", window_text(original.window_end - size, original.window_end));
    check("weir-watermark", time_text(original.watermark));
    check("weir-late-by-ms",
          std::to_string((original.watermark - original.window_end + 999) / 1000));
    return fault;
}

void Judge::missing(const Seen& seen, Count& count, const char* kind,
                    const std::function<std::string(std::size_t)>& name) {
    count.expected += static_cast<std::int64_t>(seen.marks.size());
    for (std::size_t i = 0; i < seen.marks.size(); ++i) {
        if (seen.marks[i]) continue;
        ++count.missing;
        findings_.example(fmt::format("{} {}: missing", kind, name(i)));
    }
}

void Judge::finish() {
    const auto place = [this](const std::vector<Original>& originals) {
        return [this, &originals](std::size_t i) {
            return fmt::format("record of {}/{}", partition_, originals[i].offset);
        };
    };
    missing(seen_rows_, findings_.rows, "row",
            [this](std::size_t i) { return name_of(expectation_.rows()[i]); });
    missing(seen_late_, findings_.late, "late", place(expectation_.late()));
    missing(seen_dead_, findings_.dead, "dead", place(expectation_.dead()));
}

}  // namespace weir::chaos
