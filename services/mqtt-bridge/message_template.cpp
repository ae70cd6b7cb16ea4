// SPDX-License-Identifier: Apache-2.0
#include "message_template.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "mqtt/topic.hpp"

namespace weir::mqtt_bridge {
namespace {

constexpr std::string_view user_prefix = "user:";

Result<std::string_view> scalar_at(const json::Pointer& pointer, const json::Document* object) {
    const auto value = object != nullptr ? object->find(pointer) : std::nullopt;
    const json::Type type = value ? value->type() : json::Type::null;
    if (type == json::Type::string) return value->string();
    if (type == json::Type::number || type == json::Type::boolean) return value->raw();
    return Error{fmt::format("the payload has no text, number or boolean at {}", pointer.text())};
}

Result<std::string_view> user_property(const std::string& name, const mqtt::Publish& message) {
    std::optional<std::string_view> found;
    message.properties.each([&](const mqtt::Property& property) {
        if (property.id == mqtt::PropertyId::user && property.name == name) found = property.text;
    });
    if (found) return *found;
    return Error{fmt::format("the message has no user property {}", json_quoted(name))};
}

Result<std::string_view> level_of(std::size_t level, std::string_view topic) {
    const std::vector<std::string_view> levels = mqtt::levels(topic);
    if (level <= levels.size()) return levels[level - 1];
    return Error{fmt::format("the topic has {} levels, level {} is wanted", levels.size(), level)};
}

}  // namespace

Result<MessageTemplate> MessageTemplate::parse(std::string_view text) {
    const Error error{fmt::format(
        "expected text with parts such as {{1}} (a level of the topic), {{/id}} (a field of the "
        "payload), {{user:NAME}} or {{content-type}}, got \"{}\"",
        text)};
    MessageTemplate result;
    result.text_ = text;
    while (!text.empty()) {
        const std::size_t open = text.find_first_of("{}");
        if (open != 0) result.parts_.push_back({Kind::text, std::string(text.substr(0, open))});
        if (open == std::string_view::npos) break;
        text.remove_prefix(open);
        const std::size_t close = text.find('}');
        if (text.front() != '{' || close == std::string_view::npos) return error;
        auto part = parse_part(text.substr(1, close - 1));
        if (!part) return error;
        result.parts_.push_back(std::move(*part));
        text.remove_prefix(close + 1);
    }
    return result;
}

Result<MessageTemplate::Part> MessageTemplate::parse_part(std::string_view text) {
    if (text == "content-type") return Part{Kind::content_type};
    if (text.starts_with(user_prefix) && text.size() > user_prefix.size())
        return Part{Kind::user_property, std::string(text.substr(user_prefix.size()))};
    if (text.starts_with('/')) {
        auto pointer = json::Pointer::parse(text);
        if (!pointer) return pointer.error();
        return Part{Kind::pointer, {}, 0, std::move(*pointer)};
    }
    std::size_t level = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, level);
    if (code != std::errc{} || stop != end || level == 0) return Error{"no part of a message"};
    return Part{Kind::level, {}, level};
}

bool MessageTemplate::reads_payload() const {
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const Part& part) { return part.kind == Kind::pointer; });
}

Result<void> MessageTemplate::apply(const mqtt::Publish& message, const json::Document* object,
                                    std::string& out) const {
    out.clear();
    for (const Part& part : parts_) {
        const auto filled = [&]() -> Result<std::string_view> {
            switch (part.kind) {
                case Kind::text: return std::string_view(part.text);
                case Kind::level: return level_of(part.level, message.topic);
                case Kind::pointer: return scalar_at(part.pointer, object);
                case Kind::user_property: return user_property(part.text, message);
                case Kind::content_type: break;
            }
            const auto type = message.properties.find(mqtt::PropertyId::content_type);
            if (type) return type->text;
            return Error{"the message has no content type"};
        }();
        if (!filled) return filled.error();
        out += *filled;
    }
    return {};
}

}  // namespace weir::mqtt_bridge
