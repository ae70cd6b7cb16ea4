// SPDX-License-Identifier: Apache-2.0
#include "offset_vector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/assert.hpp"
#include "net/digest.hpp"

namespace weir::emitter {
namespace {

constexpr std::size_t tag_bytes = 4;

std::string tag_of(const std::vector<std::string>& topics) {
    std::string names;
    for (const std::string& topic : topics)
        names += topic + '\n';
    std::string tag;
    for (const char byte : net::sha256(names).substr(0, tag_bytes))
        fmt::format_to(std::back_inserter(tag), "{:02x}", static_cast<unsigned char>(byte));
    return tag;
}

/// Takes an offset off the front of `text`.
std::optional<std::int64_t> take_offset(std::string_view& text) {
    std::int64_t offset = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
    if (error != std::errc{} || offset < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return offset;
}

}  // namespace

OffsetVector::OffsetVector(std::vector<std::string> topics) : topics_(std::move(topics)) {
    std::ranges::sort(topics_);
    tag_ = tag_of(topics_);
    next_.resize(topics_.size());
}

std::size_t OffsetVector::place(std::string_view topic) const {
    const auto found = std::ranges::lower_bound(topics_, topic);
    WEIR_ASSERT(found != topics_.end() && *found == topic, "only its own topics have a place");
    return static_cast<std::size_t>(found - topics_.begin());
}

void OffsetVector::set(std::size_t topic, std::int32_t partition, std::int64_t next) {
    const auto index = static_cast<std::size_t>(partition);
    auto& offsets = next_[topic];
    if (index >= offsets.size()) offsets.resize(index + 1);
    offsets[index] = next;
}

std::int64_t OffsetVector::next(std::size_t topic, std::int32_t partition) const {
    const auto index = static_cast<std::size_t>(partition);
    return index < next_[topic].size() ? next_[topic][index] : 0;
}

std::size_t OffsetVector::partitions() const {
    std::size_t count = 0;
    for (const auto& offsets : next_)
        count += offsets.size();
    return count;
}

bool OffsetVector::covers(const OffsetVector& other) const {
    for (std::size_t topic = 0; topic < next_.size(); ++topic)
        for (std::size_t i = 0; i < other.next_[topic].size(); ++i)
            if (next(topic, static_cast<std::int32_t>(i)) < other.next_[topic][i]) return false;
    return true;
}

std::string OffsetVector::text() const {
    std::string text = tag_;
    for (std::size_t topic = 0; topic < next_.size(); ++topic) {
        text += topic == 0 ? ':' : ';';
        for (std::size_t i = 0; i < next_[topic].size(); ++i)
            fmt::format_to(std::back_inserter(text), "{}{}", i == 0 ? "" : ",", next_[topic][i]);
    }
    return text;
}

std::optional<OffsetVector> OffsetVector::read(std::string_view text) const {
    if (!text.starts_with(tag_)) return std::nullopt;
    text.remove_prefix(tag_.size());
    OffsetVector found = *this;
    std::size_t count = 0;
    for (std::size_t topic = 0; topic < topics_.size(); ++topic) {
        found.next_[topic].clear();
        if (text.empty() || text.front() != (topic == 0 ? ':' : ';')) return std::nullopt;
        text.remove_prefix(1);
        while (!text.empty() && text.front() != ';') {
            if (!found.next_[topic].empty()) {
                if (text.front() != ',') return std::nullopt;
                text.remove_prefix(1);
            }
            const auto offset = take_offset(text);
            if (!offset || ++count > partitions_max) return std::nullopt;
            found.next_[topic].push_back(*offset);
        }
    }
    if (!text.empty()) return std::nullopt;
    return found;
}

}  // namespace weir::emitter
