// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

#include "base/types.hpp"

/// The bounds that belong together: each rests on the one before it.
namespace weir::mqtt_bridge {

/// What fits into a Kafka record of 1,000,000 bytes (librdkafka's message.max.bytes, and the
/// brokers') with key, headers and the fields we add, so that every dead letter can be whole.
constexpr Bytes payload_limit{900'000};

/// Of an MQTT packet: the topic takes at most 65,535 bytes. Of a larger one the dead letter has the
/// beginning.
constexpr std::size_t packet_bytes_max = payload_limit.count + 65'535 + 1'024;

/// How long a stop waits for Kafka to confirm what was taken. Less than the default of
/// --stop-timeout; what is not confirmed by then the MQTT broker sends again to the next bridge.
constexpr std::chrono::milliseconds drain_max{5'000};

/// The least wait before a session that has replicas connects again. A process that was frozen
/// finds its connections ended; within this time it also finds that its slots are not its own any
/// more, and does not take the sessions back.
constexpr std::chrono::milliseconds shared_reconnect_wait_min{1'000};

}  // namespace weir::mqtt_bridge
