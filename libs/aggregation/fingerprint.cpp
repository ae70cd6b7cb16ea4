// SPDX-License-Identifier: Apache-2.0
#include "aggregation/fingerprint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "config/version.hpp"

namespace weir::aggregation {
namespace {

constexpr std::string_view separator = " | ";

/// offset.metadata.max.bytes of a broker with default settings.
constexpr std::size_t metadata_bytes_max = 4096;

/// FNV-1a, 64 bits: the same number in every version and on every machine.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char character : text) {
        hash ^= static_cast<std::uint8_t>(character);
        hash *= 0x100000001b3;
    }
    return hash;
}

/// The value itself where it is short and plain, so that a person can read what was set.
std::string shown(const std::string& value) {
    constexpr std::size_t shown_max = 60;
    const bool plain =
        value.find_first_of(";|") == std::string::npos &&
        std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
    return plain && value.size() <= shown_max ? value : fmt::format("#{:x}", hash_of(value));
}

std::vector<std::pair<std::string, std::string>> split(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> entries;
    while (!text.empty()) {
        const std::string_view entry = text.substr(0, text.find(';'));
        text.remove_prefix(std::min(entry.size() + 1, text.size()));
        const auto equals = std::min(entry.find('='), entry.size());
        entries.emplace_back(entry.substr(0, equals),
                             entry.substr(std::min(equals + 1, entry.size())));
    }
    return entries;
}

}  // namespace

Fingerprint::Fingerprint(const Rules& rules, int partitions) {
    std::string aggregates;
    for (const AggregateSpec& spec : rules.aggregates)
        aggregates += (aggregates.empty() ? "" : " ") + config::Codec<AggregateSpec>::format(spec);
    std::string keys;
    for (const std::string& field : key_fields(rules))
        keys += (keys.empty() ? "" : ",") + field;
    const auto ahead = config::Codec<std::optional<Rules::milliseconds>>::format(rules.max_ahead);
    entries_ = {{"partitions", std::to_string(partitions)},
                {"key", shown(keys)},
                {"time", shown(rules.time)},
                {"time-zone", shown(rules.time_zone)},
                {rules.session_gap ? "session-gap" : "window", format_duration(rules.size())},
                {"grace", format_duration(rules.grace)},
                {"max-ahead", ahead},
                {"aggregate", shown(aggregates)}};
    add_further(rules);
    for (const auto& [name, value] : entries_)
        text_ += (text_.empty() ? "" : ";") + fmt::format("{}={}", name, value);
    hash_ = hash_of(text_);
}

/// Entries that version 1 of the metadata did not know: only where they are not as if unset, so
/// that its fingerprints still match.
void Fingerprint::add_further(const Rules& rules) {
    const auto uses = [&](window::Function function) {
        return std::any_of(rules.aggregates.begin(), rules.aggregates.end(),
                           [&](const AggregateSpec& spec) { return spec.function == function; });
    };
    const auto& bounds = rules.bounds;
    if (rules.kind() == window::Kind::hopping)
        entries_.emplace_back("every", format_duration(*rules.every));
    if (rules.kind() == window::Kind::sliding) entries_.emplace_back("sliding", "true");
    if (rules.accept_late > Rules::milliseconds::zero())
        entries_.emplace_back("accept-late", format_duration(rules.accept_late));
    if (uses(window::Function::percentile))
        entries_.emplace_back("percentile-values-max",
                              std::to_string(bounds.percentile_values_max));
    if (uses(window::Function::distinct))
        entries_.emplace_back("distinct-values-max", std::to_string(bounds.distinct_values_max));
    if (rules.distinct_by.empty()) return;
    entries_.emplace_back("distinct-by", shown(rules.distinct_by));
    entries_.emplace_back("distinct-by-values-max", std::to_string(rules.distinct_by_values_max));
}

std::vector<std::string> Fingerprint::differences(std::string_view other) const {
    const auto theirs = split(other);
    const auto value_in = [](const auto& entries, const std::string& name) -> std::string {
        const auto known = std::find_if(entries.begin(), entries.end(),
                                        [&](const auto& entry) { return entry.first == name; });
        if (known == entries.end()) return "not given";
        return known->second.empty() ? "empty" : known->second;
    };
    std::vector<std::string> sentences;
    const auto compare = [&](const std::string& name) {
        const std::string was = value_in(theirs, name);
        const std::string is = value_in(entries_, name);
        const std::string_view prefix = name == "partitions" ? "the number of " : "--";
        if (was != is)
            sentences.push_back(fmt::format("{}{} was {}, is {}", prefix, name, was, is));
    };
    for (const auto& [name, value] : entries_)
        compare(name);
    for (const auto& [name, value] : theirs)
        if (value_in(entries_, name) == "not given") compare(name);
    return sentences;
}

std::string encode_metadata(const window::Checkpoint& checkpoint, const Fingerprint& fingerprint,
                            int format) {
    return window::encode(checkpoint, fingerprint.hash(), format).append(separator) +
           fingerprint.text();
}

std::size_t checkpoint_bytes_max(const Fingerprint& fingerprint) {
    return metadata_bytes_max - separator.size() - fingerprint.text().size();
}

Result<Metadata> decode_metadata(std::string_view text) {
    const auto end = std::min(text.find(separator), text.size());
    auto committed = window::decode(text.substr(0, end));
    if (!committed) {
        if (!window::format_beyond_us(text)) return committed.error();
        return Error{fmt::format(
            "{} (version {}): start the newer version again, and before coming back from it let it "
            "write --checkpoint-format {}",
            committed.error().message, config::version, window::checkpoint_formats().newest())};
    }
    return Metadata{std::move(committed->checkpoint), committed->options_hash,
                    std::string(text.substr(std::min(end + separator.size(), text.size()))),
                    committed->format};
}

}  // namespace weir::aggregation
