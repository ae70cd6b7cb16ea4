// SPDX-License-Identifier: Apache-2.0
#include "card.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "json/number.hpp"

namespace weir::emitter {
namespace {

json::Pointer pointer(std::string_view text) {
    auto parsed = json::Pointer::parse(text);
    WEIR_ASSERT(parsed.ok(), "a pointer written here is a JSON pointer");
    return std::move(*parsed);
}

std::vector<json::FieldSpec> result_fields() {
    using json::FieldType;
    std::vector<json::FieldSpec> fields(4);
    fields[0] = {.pointer = pointer("/device_name"), .type = FieldType::text};
    fields[1] = {.pointer = pointer("/window/start"), .type = FieldType::timestamp};
    fields[2] = {.pointer = pointer("/window/end"), .type = FieldType::timestamp};
    fields[3] = {.pointer = pointer("/average"), .type = FieldType::raw};
    return fields;
}

}  // namespace

CardMaker::CardMaker(const json::TimeZone& zone) : zone_(zone), extractor_(result_fields()) {}

Result<std::string> CardMaker::make(std::string_view value) {
    if (auto outcome = extractor_.extract(value); !outcome) return outcome.error();
    const auto fields = extractor_.fields();
    const std::string_view number = fields[3].text;
    if (!json::is_number(number))
        return Error{fmt::format("/average: expected a number, got {:.40}", number)};
    return fmt::format(R"({{"device_name":{},"window_start":"{}","window_end":"{}","data":{}}})",
                       json_quoted(fields[0].text), json::time_of_day(fields[1].time, zone_),
                       json::time_of_day(fields[2].time, zone_), number);
}

}  // namespace weir::emitter
