// SPDX-License-Identifier: Apache-2.0
#include "originals.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "config/codec.hpp"
#include "json/timestamp.hpp"
#include "kafka/headers.hpp"

namespace weir::audit {

namespace header = kafka::header;

Result<std::optional<Place>> read_place(const Headers& headers) {
    const auto topic = headers(header::topic);
    if (!topic) return std::optional<Place>{};
    const auto partition =
        config::Codec<std::int32_t>::parse(headers(header::partition).value_or(""));
    if (!partition)
        return Error{fmt::format("{}: {}", header::partition, partition.error().message)};
    const auto offset = config::Codec<std::int64_t>::parse(headers(header::offset).value_or(""));
    if (!offset) return Error{fmt::format("{}: {}", header::offset, offset.error().message)};
    return std::optional(Place{*topic, Partition{*partition}, Offset{*offset}});
}

Result<void> read_lateness(const Headers& headers, Original& original) {
    const auto window = read_window(headers);
    if (!window) return window.error();
    original.window = *window;
    const std::string_view text = headers(header::watermark).value_or("");
    if (text == "none") return {};
    const auto watermark = json::parse_timestamp(text);
    if (!watermark)
        return Error{fmt::format("{}: {}", header::watermark, watermark.error().message)};
    original.watermark = *watermark;
    return {};
}

/// FNV-1a, 64 bits, over both with the first one's length between them.
std::uint64_t digest_of(std::string_view key, std::string_view value) {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto mix = [&](std::uint8_t byte) {
        hash ^= byte;
        hash *= 0x100000001b3;
    };
    for (const char character : key)
        mix(static_cast<std::uint8_t>(character));
    for (std::size_t length = key.size(), i = 0; i < sizeof length; ++i, length >>= 8)
        mix(static_cast<std::uint8_t>(length));
    for (const char character : value)
        mix(static_cast<std::uint8_t>(character));
    return hash;
}

void Originals::sort() {
    std::stable_sort(list_.begin(), list_.end(),
                     [](const auto& a, const auto& b) { return a.offset < b.offset; });
}

std::span<const Original> Originals::take(Offset offset,
                                          const std::function<void(const Original&)>& unknown) {
    while (next_ < list_.size() && list_[next_].offset < offset)
        unknown(list_[next_++]);
    const std::size_t first = next_;
    while (next_ < list_.size() && list_[next_].offset == offset)
        ++next_;
    return std::span(list_).subspan(first, next_ - first);
}

}  // namespace weir::audit
