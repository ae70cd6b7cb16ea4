// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "key_set.hpp"
#include "translator.hpp"

namespace weir::emitter {

/// How much of the past a namespace keeps.
struct HistoryLimits {
    std::chrono::milliseconds age_max{900'000};  ///< by the records' Kafka timestamps
    std::size_t records_max = 5'000;
    std::size_t bytes_max = 2 << 20;  ///< of their JSON
};

/// The recent records of one namespace, from which a client that joins gets its picture at once.
///
/// Problem: running results come every second for the same window, and only the last one counts.
/// So a result replaces the earlier one of the same topic, key and window, and a final result also
/// ends the running ones of that key and window, whichever topic comes first. Records that are no
/// results are all kept, as far as the limits allow; the oldest go first.
///
/// Pure: time is a parameter.
class History {
public:
    /// `events`: what the snapshot has, in its order.
    History(std::vector<std::string> events, const HistoryLimits& limits);

    /// True when records of that event are kept.
    bool keeps(std::string_view event) const;

    void add(const Relay& relay, const Outgoing& outgoing, std::chrono::milliseconds now);

    /// Drops what is too old at `now`, in milliseconds since 1970.
    void expire(std::chrono::milliseconds now);

    /// `{"window":[[value,meta],…],"partial":[…]}`, oldest first. Made anew only after a change.
    const std::string& snapshot() const;
    /// The same of records with one of these keys. Costs what those records cost, not what all do.
    std::string snapshot(const KeySet& keys) const;

    /// Grows with every change, so that what was made of a snapshot can be kept until the next.
    std::uint64_t version() const { return version_; }
    std::size_t records() const { return entries_.size(); }
    std::size_t bytes() const { return bytes_; }

private:
    struct Entry {
        std::uint64_t number = 0;  ///< grows from entry to entry
        std::size_t event;
        std::string topic;
        std::string key;
        std::string json;  ///< `[value,meta]`
        std::int64_t timestamp_ms;
        Finality finality;
        std::string slot;
    };
    using Position = std::list<Entry>::iterator;

    /// False when the record is superseded already.
    bool supersede(const Relay& relay, const Outgoing& outgoing);
    void erase(Position entry);
    /// `entries`: pointers to them, oldest first.
    std::string make_snapshot(const auto& entries) const;

    const std::vector<std::string> events_;
    const HistoryLimits limits_;
    std::list<Entry> entries_;
    std::unordered_map<std::string, std::vector<Position>> slots_;
    std::unordered_map<std::string, std::map<std::uint64_t, Position>> by_key_;  ///< by number
    std::size_t bytes_ = 0;
    std::uint64_t version_ = 1;
    mutable std::uint64_t snapshot_version_ = 0;
    mutable std::string snapshot_;
};

}  // namespace weir::emitter
