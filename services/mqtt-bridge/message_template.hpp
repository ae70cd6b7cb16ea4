// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/codec.hpp"
#include "json/document.hpp"
#include "mqtt/packet.hpp"

namespace weir::mqtt_bridge {

/// Text made of parts of an MQTT message: `{1}` stands for the topic's first level, `{2}` for its
/// second, `{/device/id}` for the text, number or boolean at that JSON pointer of the payload,
/// `{user:site}` for the MQTT 5 user property `site`, and `{content-type}` for the content type.
class MessageTemplate {
public:
    /// Errors: a brace without its partner, or between braces none of the above.
    static Result<MessageTemplate> parse(std::string_view text);

    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }
    /// Whether apply() wants the payload's object.
    bool reads_payload() const;

    /// Fills in, into `out`. `object` is the payload, or nullptr when it is no object. Errors: a
    /// sentence that names the part the message does not have.
    Result<void> apply(const mqtt::Publish& message, const json::Document* object,
                       std::string& out) const;

private:
    enum class Kind { text, level, pointer, user_property, content_type };
    struct Part {
        Kind kind;
        std::string text{};  // itself, or a property's name
        std::size_t level = 0;
        json::Pointer pointer{};
    };
    static Result<Part> parse_part(std::string_view text);

    std::string text_;
    std::vector<Part> parts_;
};

}  // namespace weir::mqtt_bridge

template <>
struct weir::config::Codec<weir::mqtt_bridge::MessageTemplate> {
    static Result<mqtt_bridge::MessageTemplate> parse(std::string_view text) {
        return mqtt_bridge::MessageTemplate::parse(text);
    }
    static std::string format(const mqtt_bridge::MessageTemplate& value) { return value.text(); }
    static std::string metavar() { return "TEMPLATE"; }
};
