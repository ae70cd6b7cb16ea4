// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/codec.hpp"

namespace weir::mqtt_bridge {

/// How a record's key, which is the name of its device, is made of the MQTT topic: text in which
/// `{1}` stands for the topic's first level, `{2}` for its second. Empty: what the last wildcard of
/// the matching filter stands for.
class KeyTemplate {
public:
    /// Errors: a brace without its partner, or between braces no number from 1.
    static Result<KeyTemplate> parse(std::string_view text);

    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }

    /// Fills the levels of `topic` in, into `out`. Errors: the topic has too few levels.
    Result<void> apply(std::string_view topic, std::string& out) const;

private:
    struct Part {
        std::string text;
        std::size_t level = 0;  // 0: the text itself
    };
    std::string text_;
    std::vector<Part> parts_;
};

}  // namespace weir::mqtt_bridge

template <>
struct weir::config::Codec<weir::mqtt_bridge::KeyTemplate> {
    static Result<mqtt_bridge::KeyTemplate> parse(std::string_view text) {
        return mqtt_bridge::KeyTemplate::parse(text);
    }
    static std::string format(const mqtt_bridge::KeyTemplate& value) { return value.text(); }
    static std::string metavar() { return "TEMPLATE"; }
};
