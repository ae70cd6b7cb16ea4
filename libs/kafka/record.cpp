// SPDX-License-Identifier: Apache-2.0
#include "kafka/record.hpp"

#include <librdkafka/rdkafka.h>

#include <string>

namespace weir::kafka {
namespace {

rd_kafka_headers_t* headers_of(const rd_kafka_message_t* message) {
    rd_kafka_headers_t* headers = nullptr;
    if (message == nullptr ||
        rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return nullptr;
    return headers;
}

}  // namespace

std::optional<std::string_view> RecordView::header(std::string_view name) const {
    const rd_kafka_headers_t* headers = headers_of(native);
    if (headers == nullptr) return std::nullopt;
    const std::string terminated(name);
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (rd_kafka_header_get_last(headers, terminated.c_str(), &bytes, &size) !=
        RD_KAFKA_RESP_ERR_NO_ERROR)
        return std::nullopt;
    return std::string_view(static_cast<const char*>(bytes), size);
}

std::vector<Header> RecordView::headers() const {
    std::vector<Header> list;
    const rd_kafka_headers_t* headers = headers_of(native);
    if (headers == nullptr) return list;
    const char* name = nullptr;
    const void* bytes = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &bytes, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i)
        list.push_back({name, {static_cast<const char*>(bytes), size}});
    return list;
}

}  // namespace weir::kafka
