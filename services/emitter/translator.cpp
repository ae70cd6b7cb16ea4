// SPDX-License-Identifier: Apache-2.0
#include "translator.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <utility>

#include "base/assert.hpp"
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

Flaw flaw_of(jq::Failure::Kind kind) {
    switch (kind) {
        case jq::Failure::Kind::not_an_object: return Flaw::not_an_object;
        case jq::Failure::Kind::too_large: return Flaw::too_large;
        case jq::Failure::Kind::failed:
        case jq::Failure::Kind::too_many: break;
    }
    return Flaw::map_failed;
}

}  // namespace

std::string_view name(Flaw flaw) {
    switch (flaw) {
        case Flaw::none: return "none";
        case Flaw::too_large: return "too_large";
        case Flaw::not_an_object: return "not_an_object";
        case Flaw::not_a_result: return "not_a_result";
        case Flaw::map_failed: return "map_failed";
    }
    return "unknown";
}

std::string_view name(Filter filter) {
    switch (filter) {
        case Filter::none: return "none";
        case Filter::key: return "key";
        case Filter::map: return "map";
    }
    return "unknown";
}

Translator::Translator(const std::vector<Relay>& relays, const json::TimeZone& zone,
                       std::size_t value_bytes_max, std::vector<Selection> selections)
    : relays_(relays),
      value_bytes_max_(value_bytes_max),
      selections_(std::move(selections)),
      card_maker_(zone),
      object_check_({}) {
    WEIR_ASSERT(selections_.size() == relays_.size(), "each relay has its selection");
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
        make_event(input, outgoing);
    }
}

void Translator::make_event(const Input& input, Outgoing& outgoing) {
    const Relay& relay = relays_[outgoing.relay];
    const Selection& selection = selections_[outgoing.relay];
    if (!selection.takes(input.key)) {
        outgoing.filter = Filter::key;
        return;
    }
    const bool plain = is_plain(relay.nsp);
    std::string meta = plain && !selection.map ? std::string{} : meta_json(input);
    selection.map ? map_value(input, meta, outgoing) : shape_value(input, outgoing);
    if (!outgoing.is_event()) return;
    outgoing.key = input.key.value_or("");
    if (plain) return;
    outgoing.meta = std::move(meta);
    describe_result(input, outgoing);
}

bool Translator::check_size(const Input& input, Outgoing& outgoing) const {
    if (input.value.size() <= value_bytes_max_) return true;
    outgoing.flaw = Flaw::too_large;
    outgoing.why = fmt::format("the value has {} bytes", input.value.size());
    return false;
}

void Translator::map_value(const Input& input, std::string_view meta, Outgoing& outgoing) {
    if (!check_size(input, outgoing)) return;
    mapped_.clear();
    const auto run = selections_[outgoing.relay].map->run(input.value, std::array{meta}, mapped_);
    if (!run) {
        outgoing.flaw = flaw_of(run.error().kind);
        outgoing.why = run.error().message;
    } else if (mapped_.empty()) {
        outgoing.filter = Filter::map;
    } else if (relays_[outgoing.relay].shape == Shape::card) {
        make_card(mapped_.front(), outgoing);
    } else {
        outgoing.value = std::move(mapped_.front());
    }
}

void Translator::make_card(std::string_view value, Outgoing& outgoing) {
    auto card = card_maker_.make(value);
    outgoing.flaw = card.ok() ? Flaw::none : Flaw::not_a_result;
    card.ok() ? outgoing.value = std::move(*card) : outgoing.why = card.error().message;
}

void Translator::shape_value(const Input& input, Outgoing& outgoing) {
    const bool as_card = relays_[outgoing.relay].shape == Shape::card;
    if (!as_card && header(input, kafka::header::error)) {
        const auto object = object_check_.extract(input.value);
        outgoing.value = object.ok() && input.value.size() <= dead_value_bytes_max
                             ? std::string(input.value)
                             : json_quoted(input.value.substr(0, dead_value_bytes_max));
    } else if (!check_size(input, outgoing)) {
        return;
    } else if (as_card) {
        make_card(input.value, outgoing);
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
