// SPDX-License-Identifier: Apache-2.0
#include "payload.hpp"

#include <fmt/format.h>

#include "json/timestamp.hpp"
#include "json/writer.hpp"

namespace weir::serial_reader {
namespace {

void write(json::Writer& writer, std::string_view key, std::optional<EventTime> time) {
    writer.key(key);
    if (time)
        writer.string(json::plain(*time));
    else
        writer.null();
}

void write(json::Writer& writer, std::string_view key, Sequence number) {
    writer.key(key).number(static_cast<std::int64_t>(number));
}

}  // namespace

std::string payload_of(const Reading& reading, std::string_view device, PayloadForm form) {
    if (form == PayloadForm::number) return fmt::format("{:.3f}", reading.value);
    std::string text;
    json::Writer writer(text, json::NumberStyle::python);
    writer.begin_object();
    write(writer, "timestamp", reading.time);
    writer.key("device_name").string(device).key("data").number(reading.value);
    write(writer, "seq", reading.sequence);
    writer.end_object();
    return text;
}

std::string payload_of(const Gap& gap, std::string_view device, std::optional<EventTime> after,
                       std::optional<EventTime> before) {
    std::string text;
    json::Writer writer(text, json::NumberStyle::python);
    writer.begin_object().key("device_name").string(device).key("gap").begin_object();
    write(writer, "first_seq", gap.first);
    write(writer, "last_seq", gap.last);
    write(writer, "count", gap.last - gap.first + 1);
    write(writer, "after", after);
    write(writer, "before", before);
    writer.end_object().end_object();
    return text;
}

}  // namespace weir::serial_reader
