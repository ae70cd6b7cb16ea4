// SPDX-License-Identifier: Apache-2.0
#include "translator.hpp"

#include <fmt/format.h>

#include <iterator>

#include "base/text.hpp"
#include "kafka/headers.hpp"

namespace weir::emitter {
namespace {

std::optional<std::string_view> header(const Input& input, std::string_view name) {
    std::optional<std::string_view> value;
    for (const kafka::Header& header : input.headers)
        if (header.name == name) value = header.value;
    return value;
}

bool is_overridden(std::span<const kafka::Header> later, std::string_view name) {
    for (const kafka::Header& header : later)
        if (header.name == name) return true;
    return false;
}

void describe_result(const Input& input, Outgoing& outgoing) {
    const auto window = header(input, kafka::header::window);
    const auto final_result = header(input, kafka::header::final_result);
    if (!window || !final_result || !input.key) return;
    outgoing.finality = *final_result == "true" ? Finality::final_result : Finality::running;
    outgoing.slot = fmt::format("{}\n{}", *input.key, *window);
}

}  // namespace

std::string_view name(Flaw flaw) {
    switch (flaw) {
        case Flaw::none: return "none";
        case Flaw::too_large: return "too_large";
        case Flaw::not_an_object: return "not_an_object";
        case Flaw::not_a_result: return "not_a_result";
    }
    return "unknown";
}

Translator::Translator(const std::vector<Relay>& relays, const json::TimeZone& zone,
                       std::size_t value_bytes_max)
    : relays_(relays), value_bytes_max_(value_bytes_max), card_maker_(zone), object_check_({}) {
    for (std::size_t i = 0; i < relays.size(); ++i)
        by_topic_.emplace(relays[i].topic, i);
}

void Translator::translate(const Input& input, std::vector<Outgoing>& out) {
    const auto [first, last] = by_topic_.equal_range(input.topic);
    for (auto relay = first; relay != last; ++relay) {
        Outgoing& outgoing = out.emplace_back();
        outgoing.relay = relay->second;
        outgoing.partition = input.partition;
        outgoing.offset = input.offset;
        outgoing.timestamp_ms = input.timestamp_ms;
        if (relays_[outgoing.relay].latest) outgoing.key = input.key.value_or("");
        shape_value(input, outgoing);
        if (outgoing.flaw != Flaw::none || is_plain(relays_[relay->second].nsp)) continue;
        outgoing.meta = meta_json(input);
        describe_result(input, outgoing);
    }
}

void Translator::shape_value(const Input& input, Outgoing& outgoing) {
    const bool as_card = relays_[outgoing.relay].shape == Shape::card;
    if (!as_card && header(input, kafka::header::error)) {
        const auto object = object_check_.extract(input.value);
        outgoing.value = object.ok() && input.value.size() <= dead_value_bytes_max
                             ? std::string(input.value)
                             : json_quoted(input.value.substr(0, dead_value_bytes_max));
    } else if (input.value.size() > value_bytes_max_) {
        outgoing.flaw = Flaw::too_large;
        outgoing.why = fmt::format("the value has {} bytes", input.value.size());
    } else if (as_card) {
        auto card = card_maker_.make(input.value);
        outgoing.flaw = card.ok() ? Flaw::none : Flaw::not_a_result;
        card.ok() ? outgoing.value = std::move(*card) : outgoing.why = card.error().message;
    } else if (const auto object = object_check_.extract(input.value); !object.ok()) {
        outgoing.flaw = Flaw::not_an_object;
        outgoing.why = object.error().message;
    } else {
        outgoing.value = input.value;
    }
}

std::string meta_json(const Input& input) {
    std::string meta = fmt::format(
        R"({{"topic":{},"partition":{},"offset":{},"timestamp_ms":{},"key":{},"headers":{{)",
        json_quoted(input.topic), input.partition, input.offset, input.timestamp_ms,
        input.key ? json_quoted(*input.key) : "null");
    bool first = true;
    for (std::size_t i = 0; i < input.headers.size(); ++i) {
        const kafka::Header& header = input.headers[i];
        if (is_overridden(input.headers.subspan(i + 1), header.name)) continue;
        fmt::format_to(std::back_inserter(meta), "{}{}:{}", first ? "" : ",",
                       json_quoted(header.name), json_quoted(header.value));
        first = false;
    }
    return meta + "}}";
}

}  // namespace weir::emitter
