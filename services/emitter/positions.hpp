// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <vector>

#include "kafka/consumer.hpp"
#include "kafka/record.hpp"

namespace weir::emitter {

/// Where reading stands in every partition, and whether the past has been read. Pure.
class Positions {
public:
    /// `from`: where to start. `end`: where the partition ended then; what is before it is past.
    void add(const kafka::TopicPartition& where, Offset from, Offset end);

    /// A record was read. Returns true when it is live: it was not there at the start.
    bool read(const kafka::TopicPartition& where, Offset offset);

    /// The partition has nothing more before `end`, for now: between the last record and the end
    /// there may be markers of transactions, which nobody is shown.
    void reached_end(const kafka::TopicPartition& where, Offset end);

    /// The log has changed under us: go on within what it has. Returns from where on.
    Offset clamp(const kafka::TopicPartition& where, const kafka::Watermarks& log);

    bool caught_up() const { return behind_ == 0; }
    bool empty() const { return all_.empty(); }
    int partitions(const std::string& topic) const;
    std::vector<kafka::Position> next() const;

private:
    struct State {
        Offset next;
        Offset end;
        bool behind;
    };

    void pass(State& state);

    std::map<kafka::TopicPartition, State> all_;
    std::size_t behind_ = 0;
};

}  // namespace weir::emitter
