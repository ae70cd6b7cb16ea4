// SPDX-License-Identifier: Apache-2.0
#include "meters.hpp"

namespace weir::mqtt_bridge {
namespace {

runtime::Counter received_counter(runtime::Metrics& metrics, const std::string& qos) {
    return metrics.counter("weir_records_in_total", "Messages from the MQTT broker.",
                           {{"qos", qos}});
}

void advance(runtime::Counter& counter, std::uint64_t now, std::uint64_t seen) {
    if (now > seen) counter.add(now - seen);
}

}  // namespace

Meters::Meters(runtime::Metrics& metrics)
    : metrics_(metrics),
      received_{received_counter(metrics, "0"), received_counter(metrics, "1"),
                received_counter(metrics, "2")},
      delivered_(metrics.counter("weir_records_out_total",
                                 "Records and dead letters that Kafka has confirmed.")),
      acknowledged_(metrics.counter("weir_mqtt_acknowledged_total",
                                    "Messages acknowledged to the MQTT broker.")),
      duplicates_(metrics.counter("weir_mqtt_duplicates_total",
                                  "Messages passed on that the broker marked as sent before.")),
      suppressed_(
          metrics.counter("weir_mqtt_suppressed_total",
                          "Messages the broker sent again that were on their way already.")),
      sessions_lost_(metrics.counter("weir_mqtt_sessions_lost_total",
                                     "Reconnects to a broker that had forgotten our session and "
                                     "may have lost messages with it.")),
      connections_(metrics.counter("weir_mqtt_connections_total", "Subscriptions made.")),
      pauses_(metrics.counter("weir_mqtt_pauses_total",
                              "Times reading stopped because too much waited for Kafka.")),
      unacknowledged_(metrics.gauge("weir_mqtt_unacknowledged_records",
                                    "Messages taken and not yet acknowledged.")),
      oldest_age_(metrics.gauge("weir_mqtt_oldest_unacknowledged_seconds",
                                "How long the oldest of them has waited.")) {}

void Meters::update(const mqtt::SubscriberStats& now) {
    for (std::size_t qos = 0; qos < received_.size(); ++qos)
        advance(received_[qos], now.session.received[qos], seen_.session.received[qos]);
    advance(acknowledged_, now.session.acknowledged, seen_.session.acknowledged);
    advance(duplicates_, now.session.duplicates, seen_.session.duplicates);
    advance(suppressed_, now.session.suppressed, seen_.session.suppressed);
    advance(sessions_lost_, now.session.sessions_lost, seen_.session.sessions_lost);
    advance(connections_, now.connections, seen_.connections);
    advance(pauses_, now.pauses, seen_.pauses);
    unacknowledged_.set(static_cast<double>(now.unacknowledged));
    oldest_age_.set(std::chrono::duration<double>(now.oldest_age).count());
    seen_ = now;
}

void Meters::dead(const std::string& stage) {
    metrics_
        .counter("weir_dead_letters_total", "Messages sent to the dead-letter topic.",
                 {{"stage", stage}})
        .add();
}

LatencyProbe::LatencyProbe(runtime::Metrics& metrics)
    : seconds_(metrics.histogram("weir_kafka_delivery_seconds",
                                 "Time from handing a record to the producer to Kafka's answer, "
                                 "measured on one record at a time.",
                                 runtime::Metrics::latency_buckets())) {}

void LatencyProbe::sent(std::uint64_t token) {
    if (waiting_.load(std::memory_order_acquire)) return;
    token_ = token;
    start_ = Clock::now();
    waiting_.store(true, std::memory_order_release);
}

void LatencyProbe::answered(std::uint64_t token) {
    if (!waiting_.load(std::memory_order_acquire) || token_ != token) return;
    seconds_.observe(std::chrono::duration<double>(Clock::now() - start_).count());
    waiting_.store(false, std::memory_order_release);
}

}  // namespace weir::mqtt_bridge
