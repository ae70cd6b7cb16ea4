// SPDX-License-Identifier: Apache-2.0
#include "topic_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace weir::topics {
namespace {

/// Collects the mistakes of one file with their place.
class Mistakes {
public:
    Mistakes(std::string_view file, std::vector<std::string>& list) : file_(file), list_(list) {}
    void add(unsigned line, std::string_view sentence) {
        list_.push_back(fmt::format("{} line {}: {}", file_, line, sentence));
    }

private:
    std::string_view file_;
    std::vector<std::string>& list_;
};

/// Kafka's rule: 1 to 249 of these characters, and neither "." nor "..".
bool is_topic_name(std::string_view name) {
    constexpr std::size_t length_max = 249;
    const auto legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    };
    return !name.empty() && name.size() <= length_max && name != "." && name != ".." &&
           std::all_of(name.begin(), name.end(), legal);
}

/// A count of at least one, or a mistake.
std::optional<int> count(const config::TomlValue& value, std::string_view key, int max,
                         Mistakes& mistakes) {
    const auto* number = std::get_if<std::int64_t>(&value.value);
    if (number != nullptr && *number >= 1 && *number <= max) return static_cast<int>(*number);
    mistakes.add(value.line, fmt::format("{}: expected 1 to {}, got {}", key, max,
                                         value.is_scalar() ? value.text() : "a list or table"));
    return std::nullopt;
}

void read_config(const config::TomlValue& value, kafka::TopicSpec& topic, Mistakes& mistakes) {
    const auto* table = std::get_if<config::TomlTable>(&value.value);
    if (table == nullptr) return mistakes.add(value.line, "config: expected a table");
    for (const auto& [key, setting] : *table) {
        if (setting.is_scalar())
            topic.config[key] = setting.text();
        else
            mistakes.add(setting.line,
                         fmt::format("config: \"{}\": expected a plain value; a name with dots "
                                     "needs quotes",
                                     key));
    }
}

kafka::TopicSpec read_topic(const config::TomlTable& table, unsigned line, Mistakes& mistakes) {
    constexpr int partitions_max = 10'000;
    constexpr int replication_max = 100;
    kafka::TopicSpec topic{.partitions = 0};
    for (const auto& [key, value] : table) {
        if (key == "name") {
            topic.name = value.is_scalar() ? value.text() : "";
            if (!is_topic_name(topic.name))
                mistakes.add(value.line, fmt::format("name: \"{}\" is no topic name: expected 1 to "
                                                     "249 letters, digits, \".\", \"_\" and \"-\"",
                                                     topic.name));
        } else if (key == "partitions") {
            topic.partitions = count(value, key, partitions_max, mistakes).value_or(1);
        } else if (key == "replication") {
            topic.replication = count(value, key, replication_max, mistakes)
                                    .value_or(kafka::TopicSpec::broker_default);
        } else if (key == "config") {
            read_config(value, topic, mistakes);
        } else {
            mistakes.add(value.line, fmt::format("unknown key \"{}\", expected name, partitions, "
                                                 "replication or config",
                                                 key));
        }
    }
    if (topic.name.empty()) mistakes.add(line, "a topic without a name");
    if (topic.partitions == 0) mistakes.add(line, "a topic without a number of partitions");
    return topic;
}

/// Numbers by value, everything else by its letters.
bool same_setting(std::string_view a, std::string_view b) {
    const auto number = [](std::string_view text) -> std::optional<double> {
        double value = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
        return value;
    };
    const auto left = number(a);
    const auto right = number(b);
    return left && right ? *left == *right : a == b;
}

}  // namespace

std::vector<kafka::TopicSpec> read_topic_list(const config::TomlTable& table, std::string_view file,
                                              std::vector<std::string>& mistakes) {
    Mistakes places(file, mistakes);
    std::vector<kafka::TopicSpec> topics;
    for (const auto& [key, value] : table) {
        const auto* array = std::get_if<config::TomlArray>(&value.value);
        if (key != "topic" || array == nullptr) {
            places.add(value.line, fmt::format("\"{}\": expected nothing but [[topic]]", key));
            continue;
        }
        for (const config::TomlValue& item : *array) {
            const auto* entry = std::get_if<config::TomlTable>(&item.value);
            if (entry == nullptr) {
                places.add(item.line, "expected [[topic]] tables");
                continue;
            }
            kafka::TopicSpec topic = read_topic(*entry, item.line, places);
            const bool twice = std::any_of(topics.begin(), topics.end(), [&](const auto& other) {
                return other.name == topic.name;
            });
            if (twice) places.add(item.line, fmt::format("topic {} is listed twice", topic.name));
            topics.push_back(std::move(topic));
        }
    }
    if (topics.empty()) mistakes.push_back(fmt::format("{}: no [[topic]] in it", file));
    return topics;
}

Comparison compare(const kafka::TopicSpec& wanted, const kafka::TopicState& found) {
    Comparison comparison;
    if (found.partitions != wanted.partitions)
        comparison.partitions =
            fmt::format("partitions: expected {}, found {}", wanted.partitions, found.partitions);
    if (wanted.replication != kafka::TopicSpec::broker_default &&
        wanted.replication != found.replication)
        comparison.others.push_back(fmt::format("replication: expected {}, found {}",
                                                wanted.replication, found.replication));
    for (const auto& [key, value] : wanted.config) {
        const auto setting = found.config.find(key);
        if (setting == found.config.end())
            comparison.others.push_back(fmt::format("{}: the brokers know no such config", key));
        else if (!same_setting(setting->second, value))
            comparison.others.push_back(
                fmt::format("{}: expected {}, found {}", key, value, setting->second));
    }
    return comparison;
}

}  // namespace weir::topics
