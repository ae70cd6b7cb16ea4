// SPDX-License-Identifier: Apache-2.0
#include "written_rows.hpp"

#include <algorithm>
#include <tuple>

namespace weir::audit {
namespace {

auto name(const WrittenRow& row) {
    return std::tuple(std::string_view(row.key), row.window.start, row.window.end);
}

}  // namespace

void WrittenRows::add(WrittenRow row) {
    row.source.topic = {};
    constexpr std::uint64_t overhead = 64;  // of the texts' memory, and of a vector that grows
    bytes_ += sizeof(WrittenRow) + overhead + row.key.size() + row.value.size();
    rows_.push_back(std::move(row));
}

void WrittenRows::sort() {
    std::stable_sort(rows_.begin(), rows_.end(), [](const WrittenRow& a, const WrittenRow& b) {
        return std::tuple(name(a), a.revision) < std::tuple(name(b), b.revision);
    });
    marks_.assign(rows_.size(), false);
}

std::span<const WrittenRow> WrittenRows::find(std::string_view key, const Span& window,
                                              std::uint32_t revision) const {
    const std::tuple wanted(std::tuple(key, window.start, window.end), revision);
    const auto first = std::partition_point(rows_.begin(), rows_.end(), [&](const WrittenRow& row) {
        return std::tuple(name(row), row.revision) < wanted;
    });
    auto last = first;
    while (last != rows_.end() && std::tuple(name(*last), last->revision) == wanted)
        ++last;
    return {first, last};
}

bool WrittenRows::came_out(std::string_view key, const Span& window, std::uint32_t revision,
                           Offset last, EventTime most) const {
    const auto found = find(key, window, revision);
    return !found.empty() && found.front().source.last == last &&
           found.front().watermark.value_or(EventTime::min()) <= most;
}

bool WrittenRows::reaches(std::string_view key, const Span& window, Offset offset) const {
    const std::tuple wanted(key, window.start, window.end);
    auto row = std::partition_point(rows_.begin(), rows_.end(),
                                    [&](const WrittenRow& each) { return name(each) < wanted; });
    for (; row != rows_.end() && name(*row) == wanted; ++row)
        if (row->source.last >= offset) return true;
    return false;
}

}  // namespace weir::audit
