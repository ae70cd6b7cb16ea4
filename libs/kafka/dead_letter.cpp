// SPDX-License-Identifier: Apache-2.0
#include "kafka/dead_letter.hpp"

#include "kafka/headers.hpp"

namespace weir::kafka {

void HeaderList::add(std::string_view name, std::string value) {
    list_.emplace_back(std::string(name), std::move(value));
}

std::vector<Header> HeaderList::views() const {
    std::vector<Header> views;
    views.reserve(list_.size());
    for (const auto& [name, value] : list_)
        views.push_back({name, value});
    return views;
}

HeaderList found_at(const RecordView& record, std::string_view origin) {
    HeaderList headers;
    headers.add(header::origin, std::string(origin));
    headers.add(header::topic, std::string(record.topic));
    headers.add(header::partition, std::int64_t{number(record.partition)});
    headers.add(header::offset, number(record.offset));
    return headers;
}

HeaderList dead_letter_headers(const RecordView& record, std::string_view reason,
                               std::string_view stage, std::string_view origin) {
    HeaderList headers = found_at(record, origin);
    headers.add(header::error, std::string(reason));
    headers.add(header::stage, std::string(stage));
    return headers;
}

}  // namespace weir::kafka
