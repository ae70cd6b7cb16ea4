// SPDX-License-Identifier: Apache-2.0
#include "expectation.hpp"

#include <algorithm>
#include <utility>

namespace weir::chaos {

void Expectation::take(std::int64_t offset, std::int64_t produced_ms, std::string_view key,
                       std::string_view value) {
    ++records_;
    const auto reading = parse_reading(value, produced_ms);
    if (!reading) {
        dead_.push_back({offset, std::string(key), std::string(value)});
        return;
    }
    const Micros start = reading->time - reading->time % windows_.size;
    const Micros end = start + windows_.size;
    if (end <= watermark_) {
        late_.push_back({offset, std::string(key), std::string(value), end, watermark_});
        return;
    }
    auto [place, fresh] = open_[end].try_emplace(std::string(reading->device));
    Row& row = place->second;
    if (fresh) {
        row.key = reading->device;
        row.start = start;
        row.end = end;
        row.first_offset = offset;
    }
    fold(row, *reading, offset);
    watermark_ = std::max(watermark_, reading->time - windows_.grace);
    while (!open_.empty() && open_.begin()->first <= watermark_) {
        close(open_.begin()->second, watermark_);
        open_.erase(open_.begin());
    }
}

void Expectation::finish() {
    for (auto& [end, window] : open_)
        close(window, std::nullopt);
    open_.clear();
}

void Expectation::fold(Row& row, const Reading& reading, std::int64_t offset) {
    row.last_offset = offset;
    ++row.records;
    if (reading.data) {
        ++row.values;
        row.sum += *reading.data;
        row.low = std::min(row.low, *reading.data);
        row.high = std::max(row.high, *reading.data);
        if (!row.last_data || reading.time >= row.last_data->time)
            row.last_data = {*reading.data, reading.time};
    }
    if (reading.units) {
        row.units = row.units.value_or(0) + *reading.units;
        if (!row.first_units || reading.time < row.first_units->time)
            row.first_units = {*reading.units, reading.time};
    }
}

void Expectation::close(Open& window, std::optional<Micros> watermark) {
    const auto begin = static_cast<std::ptrdiff_t>(rows_.size());
    for (auto& [key, row] : window) {
        row.watermark = watermark;
        rows_.push_back(std::move(row));
    }
    std::sort(rows_.begin() + begin, rows_.end(),
              [](const Row& a, const Row& b) { return a.first_offset < b.first_offset; });
}

}  // namespace weir::chaos
