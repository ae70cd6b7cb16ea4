// SPDX-License-Identifier: Apache-2.0
#include "key_template.hpp"

#include <fmt/format.h>

#include <charconv>

#include "mqtt/topic.hpp"

namespace weir::mqtt_bridge {

Result<KeyTemplate> KeyTemplate::parse(std::string_view text) {
    const Error error{
        fmt::format("expected text with topic levels such as {{1}} or {{2}}, got \"{}\"", text)};
    KeyTemplate result;
    result.text_ = text;
    while (!text.empty()) {
        const std::size_t open = text.find_first_of("{}");
        if (open != 0) result.parts_.push_back({std::string(text.substr(0, open)), 0});
        if (open == std::string_view::npos) break;
        text.remove_prefix(open);
        const std::size_t close = text.find('}');
        if (text.front() != '{' || close == std::string_view::npos) return error;
        const std::string_view digits = text.substr(1, close - 1);
        std::size_t level = 0;
        const char* const end = digits.data() + digits.size();
        const auto [stop, code] = std::from_chars(digits.data(), end, level);
        if (code != std::errc{} || stop != end || level == 0) return error;
        result.parts_.push_back({"", level});
        text.remove_prefix(close + 1);
    }
    return result;
}

Result<void> KeyTemplate::apply(std::string_view topic, std::string& out) const {
    const std::vector<std::string_view> levels = mqtt::levels(topic);
    out.clear();
    for (const Part& part : parts_) {
        if (part.level > levels.size())
            return Error{fmt::format("the topic has {} levels, the key wants level {}",
                                     levels.size(), part.level)};
        out += part.level == 0 ? std::string_view(part.text) : levels[part.level - 1];
    }
    return {};
}

}  // namespace weir::mqtt_bridge
