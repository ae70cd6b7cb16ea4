// SPDX-License-Identifier: Apache-2.0
#include "mqtt/topic.hpp"

#include <cstddef>

#include "base/text.hpp"

namespace weir::mqtt {
namespace {

constexpr std::size_t text_bytes_max = 65'535;

bool is_mqtt_text(std::string_view text) {
    return !text.empty() && text.size() <= text_bytes_max &&
           text.find('\0') == std::string_view::npos && is_utf8(text);
}

/// Takes the first level off the front of `topic`; `more` says whether another one follows.
std::string_view take_level(std::string_view& topic, bool& more) {
    const std::size_t end = topic.find('/');
    more = end != std::string_view::npos;
    const std::string_view level = topic.substr(0, end);
    topic.remove_prefix(more ? end + 1 : topic.size());
    return level;
}

}  // namespace

bool is_topic_name(std::string_view topic) {
    return is_mqtt_text(topic) && topic.find_first_of("+#") == std::string_view::npos;
}

bool is_topic_filter(std::string_view filter) {
    if (!is_mqtt_text(filter)) return false;
    if (filter.starts_with("$share/")) {
        filter.remove_prefix(7);
        const std::size_t end = filter.find('/');
        if (end == 0 || end == std::string_view::npos) return false;
        if (filter.substr(0, end).find_first_of("+#") != std::string_view::npos) return false;
        filter.remove_prefix(end + 1);
        if (filter.empty()) return false;
    }
    for (bool more = true; more;) {
        const std::string_view level = take_level(filter, more);
        if (level == "+" || (level == "#" && !more)) continue;
        if (level.find_first_of("+#") != std::string_view::npos) return false;
    }
    return true;
}

bool matches(std::string_view filter, std::string_view topic) {
    if (topic.starts_with('$') && !filter.starts_with('$')) return false;
    bool filter_more = true;
    bool topic_more = true;
    while (filter_more && topic_more) {
        const std::string_view wanted = take_level(filter, filter_more);
        if (wanted == "#") return true;
        const std::string_view level = take_level(topic, topic_more);
        if (wanted != "+" && wanted != level) return false;
    }
    // "a/#" stands for "a" as well.
    return filter_more ? filter == "#" : !topic_more;
}

bool overlap(std::string_view filter, std::string_view other) {
    bool filter_more = true;
    bool other_more = true;
    while (filter_more && other_more) {
        const std::string_view one = take_level(filter, filter_more);
        const std::string_view two = take_level(other, other_more);
        if (one == "#" || two == "#") return true;
        if (one != "+" && two != "+" && one != two) return false;
    }
    if (filter_more) return filter == "#";
    return !other_more || other == "#";
}

std::vector<std::string_view> levels(std::string_view topic) {
    std::vector<std::string_view> all;
    for (bool more = true; more;)
        all.push_back(take_level(topic, more));
    return all;
}

std::string_view last_wildcard(std::string_view filter, std::string_view topic) {
    std::string_view found;
    bool any = false;
    bool more = true;
    while (more) {
        const std::string_view rest = topic;
        bool topic_more = true;
        const std::string_view wanted = take_level(filter, more);
        const std::string_view level = take_level(topic, topic_more);
        if (wanted == "#") return rest;
        if (wanted == "+" || (!more && !any)) found = level;
        any = any || wanted == "+";
    }
    return found;
}

}  // namespace weir::mqtt
