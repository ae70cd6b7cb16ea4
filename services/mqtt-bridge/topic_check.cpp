// SPDX-License-Identifier: Apache-2.0
#include "topic_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/log.hpp"
#include "kafka/admin.hpp"

namespace weir::mqtt_bridge {
namespace {

constexpr std::uint64_t librdkafka_default = 1'000'000;  // of both properties

std::optional<std::uint64_t> parse(std::string_view text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

}  // namespace

std::uint64_t batch_bytes(const kafka::Options& options) {
    std::uint64_t batch = librdkafka_default;
    std::uint64_t message = librdkafka_default;
    for (const auto* list : {&options.properties, &options.secrets.list})
        for (const auto& [key, value] : *list) {
            if (key == "batch.size") batch = parse(value).value_or(batch);
            if (key == "message.max.bytes") message = parse(value).value_or(message);
        }
    return std::min(batch, message);
}

Result<void, Obstacle> check_topics(const Options& options, std::chrono::milliseconds wait) {
    auto admin = kafka::Admin::open(options.kafka, "mqtt-bridge");
    if (!admin) return Obstacle{admin.error().message};
    const auto all = admin->list(wait);
    if (!all) return Obstacle{all.error().message};
    std::vector<kafka::TopicState> written;
    for (const std::string& wanted :
         {options.output, options.dead_letter, options.status, options.slots}) {
        if (wanted.empty()) continue;
        const auto found =
            std::find_if(all->begin(), all->end(),
                         [&](const kafka::TopicState& topic) { return topic.name == wanted; });
        if (found == all->end())
            return Obstacle{fmt::format("the topic {} does not exist", wanted)};
        if (wanted != options.slots) written.push_back(*found);
    }
    if (const auto described = admin->describe(written, wait); !described) {
        log::debug("cannot see the limits of the topics", {{"reason", described.error().message}});
        return {};
    }
    const std::uint64_t ours = batch_bytes(options.kafka);
    for (const kafka::TopicState& topic : written) {
        const auto limit = topic.config.find("max.message.bytes");
        const auto bytes = limit == topic.config.end() ? std::nullopt : parse(limit->second);
        if (bytes && *bytes < ours)
            return Obstacle{fmt::format("the topic {} takes batches of {} bytes, and good records "
                                        "would be refused in larger ones: give --kafka "
                                        "batch.size={} or less",
                                        topic.name, *bytes, *bytes),
                            false};
    }
    return {};
}

}  // namespace weir::mqtt_bridge
