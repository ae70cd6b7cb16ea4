// SPDX-License-Identifier: Apache-2.0
#include "device_status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "device_name.hpp"
#include "json/timestamp.hpp"
#include "json/writer.hpp"
#include "mqtt/topic.hpp"

namespace weir::mqtt_bridge {
namespace {

constexpr std::size_t payload_bytes_max = 4'096;
constexpr std::size_t word_bytes_max = 32;

constexpr std::string_view online = "online";
constexpr std::string_view offline = "offline";

/// What devices and their makers say for it, in lower case.
constexpr std::array meanings{
    std::pair{online, online},
    std::pair{offline, offline},
    std::pair{std::string_view("connected"), online},
    std::pair{std::string_view("disconnected"), offline},
    std::pair{std::string_view("true"), online},
    std::pair{std::string_view("false"), offline},
    std::pair{std::string_view("1"), online},
    std::pair{std::string_view("0"), offline},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

std::string_view meaning_of(std::string_view word) {
    for (const auto& [known, meaning] : meanings)
        if (std::equal(word.begin(), word.end(), known.begin(), known.end(),
                       [](char said, char expected) { return lower(said) == expected; }))
            return meaning;
    return word;
}

/// A number that got lost in here must not become a status.
bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= word_bytes_max && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
           });
}

}  // namespace

StatusMapper::StatusMapper(std::vector<std::string> filters)
    : filters_(std::move(filters)), document_(json::Limits{.bytes_max = payload_bytes_max}) {}

bool StatusMapper::claims(std::string_view topic) const {
    return std::any_of(filters_.begin(), filters_.end(),
                       [&](const std::string& filter) { return mqtt::matches(filter, topic); });
}

Result<Mapped> StatusMapper::map(const mqtt::Publish& message, EventTime arrival) {
    if (!is_utf8(message.topic)) return Error{"the topic is not UTF-8"};
    if (message.payload_size > payload_bytes_max)
        return Error{fmt::format("the payload has {} bytes, of a status {} are allowed",
                                 message.payload_size, payload_bytes_max)};
    const auto device = device_of(message.topic, filters_, "--status-topic");
    if (!device) return device.error();
    if (auto good = check_device(*device); !good) return good.error();
    Mapped mapped{.key = *device, .value = {}, .is_status = true};
    const std::string_view text = trimmed(message.payload);
    if (text.empty()) return mapped;
    const auto word = word_in(text);
    if (!word) return word.error();
    value_.clear();
    json::Writer writer(value_, json::NumberStyle::python);
    writer.begin_object().key("device_name").string(*device).key("status").string(*word);
    writer.key("time").string(json::iso_milliseconds(arrival));
    writer.key("retained").boolean(message.retained).end_object();
    mapped.value = value_;
    mapped.stamped = true;
    return mapped;
}

Result<std::string_view> StatusMapper::word_in(std::string_view text) {
    std::string_view said = text;
    if (text.starts_with('{')) {
        if (auto read = document_.read(text); !read) return read.error();
        std::optional<json::Value> value = document_.find(json::Pointer::member("status"));
        if (!value) value = document_.find(json::Pointer::member("state"));
        const json::Type type = value ? value->type() : json::Type::null;
        if (type != json::Type::string && type != json::Type::boolean)
            return Error{"the payload has no text or boolean in status or state"};
        said = type == json::Type::string ? value->string() : value->raw();
    }
    const std::string_view word = meaning_of(said);
    if (is_word(word)) return word;
    return Error{fmt::format("expected online, offline or another word, got {}", shown(said))};
}

}  // namespace weir::mqtt_bridge
