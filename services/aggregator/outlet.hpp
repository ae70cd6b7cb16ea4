// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kafka/failure.hpp"
#include "kafka/producer.hpp"

namespace weir::aggregator {

/// Where records go that the windows have brought out: topics, a file, a terminal.
class Outlet {
public:
    virtual ~Outlet() = default;

    /// Takes a record; may wait. Failures are those of Kafka's records: `rejected` is about this
    /// record alone.
    virtual kafka::Outcome<void> send(const kafka::OutgoingRecord& record) = 0;
};

}  // namespace weir::aggregator
