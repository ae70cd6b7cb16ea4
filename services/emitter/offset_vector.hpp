// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::emitter {

/// How far somebody has got in each partition of a few topics: the offset of the next record.
///
/// Problem: replicas read the same partitions, each in an order of its own. What a client has got
/// from one of them can be told to another only by a position for each partition.
///
/// Pure. A partition that was never set stands at 0, where reading one that was added later begins.
class OffsetVector {
public:
    /// Of all topics together: each event carries a vector. A text with more is nobody's.
    static constexpr std::size_t partitions_max = 100;

    /// Each topic once, in any order: a topic is known by its place among them afterwards.
    explicit OffsetVector(std::vector<std::string> topics);

    /// The place of a topic, which is one of them.
    std::size_t place(std::string_view topic) const;

    void set(std::size_t topic, std::int32_t partition, std::int64_t next);
    std::int64_t next(std::size_t topic, std::int32_t partition) const;

    /// Of all topics.
    std::size_t partitions() const;

    /// True when whoever is here has got all that `other` has; of the same topics.
    bool covers(const OffsetVector& other) const;

    /// `<topics>:<next>,<next>;<next>`: eight hex digits that say which topics, then their offsets,
    /// topics in the order of their names, partitions in that of their numbers.
    std::string text() const;

    /// A text of the same topics; nothing when it is another's, or no such text at all.
    std::optional<OffsetVector> read(std::string_view text) const;

    bool operator==(const OffsetVector&) const = default;

private:
    std::vector<std::string> topics_;  ///< sorted
    std::string tag_;
    std::vector<std::vector<std::int64_t>> next_;  ///< by topic and partition
};

}  // namespace weir::emitter
