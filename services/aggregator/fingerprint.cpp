// SPDX-License-Identifier: Apache-2.0
#include "fingerprint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"

namespace weir::aggregator {
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

Fingerprint::Fingerprint(const Options& options, int partitions) {
    std::string aggregates;
    for (const AggregateSpec& spec : options.aggregates)
        aggregates += (aggregates.empty() ? "" : " ") + config::Codec<AggregateSpec>::format(spec);
    const auto ahead =
        config::Codec<std::optional<Options::milliseconds>>::format(options.max_ahead);
    entries_ = {{"partitions", std::to_string(partitions)},
                {"key", shown(options.key)},
                {"time", shown(options.time)},
                {"time-zone", shown(options.time_zone)},
                {"window", format_duration(options.window)},
                {"grace", format_duration(options.grace)},
                {"max-ahead", ahead},
                {"aggregate", shown(aggregates)}};
    for (const auto& [name, value] : entries_)
        text_ += (text_.empty() ? "" : ";") + fmt::format("{}={}", name, value);
    hash_ = hash_of(text_);
}

std::vector<std::string> Fingerprint::differences(std::string_view other) const {
    const auto theirs = split(other);
    std::vector<std::string> sentences;
    for (const auto& [name, value] : entries_) {
        const auto known = std::find_if(theirs.begin(), theirs.end(),
                                        [&](const auto& entry) { return entry.first == name; });
        const std::string was = known == theirs.end() ? "unknown" : known->second;
        if (was == value) continue;
        const bool option = name != "partitions";
        sentences.push_back(fmt::format("{}{} was {}, is {}", option ? "--" : "the number of ",
                                        name, was.empty() ? "empty" : was,
                                        value.empty() ? "empty" : value));
    }
    return sentences;
}

std::string encode_metadata(const window::Checkpoint& checkpoint, const Fingerprint& fingerprint) {
    return window::encode(checkpoint, fingerprint.hash()).append(separator) + fingerprint.text();
}

std::size_t checkpoint_bytes_max(const Fingerprint& fingerprint) {
    return metadata_bytes_max - separator.size() - fingerprint.text().size();
}

Result<Metadata> decode_metadata(std::string_view text) {
    const auto end = std::min(text.find(separator), text.size());
    auto committed = window::decode(text.substr(0, end));
    if (!committed) return committed.error();
    return Metadata{std::move(committed->checkpoint), committed->options_hash,
                    std::string(text.substr(std::min(end + separator.size(), text.size())))};
}

}  // namespace weir::aggregator
