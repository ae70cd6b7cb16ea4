// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"

struct rd_kafka_message_s;

namespace weir::kafka {

/// One partition of one topic.
struct TopicPartition {
    std::string topic;
    Partition partition{};

    auto operator<=>(const TopicPartition&) const = default;
};

/// A place in a partition, with what was or is to be committed beside it.
struct Position {
    TopicPartition where;
    Offset offset{};
    std::string metadata;  ///< brokers take 4096 bytes by default
};

/// One header of a record. Names may repeat.
struct Header {
    std::string_view name;
    std::string_view value;
};

/// A record as it came from Kafka, without copying.
/// Lifetime: until the next Consumer::poll().
struct RecordView {
    std::string_view topic;
    std::string_view key;    ///< data() is nullptr when the record has no key
    std::string_view value;  ///< data() is nullptr for a tombstone
    Offset offset{};
    std::int64_t timestamp_ms = -1;  ///< of production, since 1970; -1 when the record has none
    Partition partition{};
    const rd_kafka_message_s* native = nullptr;

    /// The last header of that name. Walks the headers: not free.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
    /// All headers in their order.
    [[nodiscard]] std::vector<Header> headers() const;
};

}  // namespace weir::kafka
