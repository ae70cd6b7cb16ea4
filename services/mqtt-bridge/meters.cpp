// SPDX-License-Identifier: Apache-2.0
#include "meters.hpp"

namespace weir::mqtt_bridge {
namespace {

runtime::Counter received_counter(runtime::Metrics& metrics, const std::string& qos) {
    return metrics.counter("weir_records_in_total", "Messages from the MQTT broker.",
                           {{"qos", qos}});
}

void advance(runtime::Counter& counter, std::uint64_t now, std::uint64_t before) {
    if (now > before) counter.add(now - before);
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
      skipped_(metrics.counter("weir_mqtt_retained_skipped_total",
                               "Messages left out because the MQTT broker had kept them, see "
                               "--retained.")),
      statuses_(metrics.counter("weir_status_records_total",
                                "Records made of what is said about devices, see --status.")),
      repeated_(metrics.counter("weir_records_repeated_total",
                                "Records sent again because Kafka refused another one of their "
                                "batch, and them with it.")),
      suppressed_(
          metrics.counter("weir_mqtt_suppressed_total",
                          "Messages the broker sent again that were on their way already.")),
      sessions_lost_(metrics.counter("weir_mqtt_sessions_lost_total",
                                     "Reconnects to a broker that had forgotten our session and "
                                     "may have lost messages with it.")),
      connections_(metrics.counter("weir_mqtt_connections_total", "Subscriptions made.")),
      pauses_(metrics.counter("weir_mqtt_pauses_total",
                              "Times reading stopped because too much waited for Kafka.")),
      dropped_(metrics.gauge("weir_mqtt_broker_dropped_messages",
                             "What the MQTT broker has dropped since its start, for whatever "
                             "client, see --dropped-topic.")),
      sessions_(metrics.gauge("weir_mqtt_sessions",
                              "MQTT sessions of this bridge; none while it stands by.")),
      unacknowledged_(metrics.gauge("weir_mqtt_unacknowledged_records",
                                    "Messages taken and not yet acknowledged.")),
      oldest_age_(metrics.gauge("weir_mqtt_oldest_unacknowledged_seconds",
                                "How long the oldest of them has waited.")) {}

void Meters::count(const mqtt::SubscriberStats& before, const mqtt::SubscriberStats& now) {
    for (std::size_t qos = 0; qos < received_.size(); ++qos)
        advance(received_[qos], now.session.received[qos], before.session.received[qos]);
    advance(acknowledged_, now.session.acknowledged, before.session.acknowledged);
    advance(duplicates_, now.session.duplicates, before.session.duplicates);
    advance(suppressed_, now.session.suppressed, before.session.suppressed);
    advance(sessions_lost_, now.session.sessions_lost, before.session.sessions_lost);
    advance(connections_, now.connections, before.connections);
    advance(pauses_, now.pauses, before.pauses);
}

void Meters::show(std::size_t sessions, std::uint64_t unacknowledged,
                  std::chrono::milliseconds oldest_age) {
    sessions_.set(static_cast<double>(sessions));
    unacknowledged_.set(static_cast<double>(unacknowledged));
    oldest_age_.set(std::chrono::duration<double>(oldest_age).count());
}

void Meters::show_slots(const std::set<int>& owned, int count) {
    for (int slot = 0; slot < count; ++slot)
        metrics_
            .gauge("weir_slot_owned",
                   "With --slots, 1 where the slot is this replica's; over all replicas each adds "
                   "up to 1.",
                   {{"slot", std::to_string(slot)}})
            .set(owned.contains(slot) ? 1 : 0);
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

LatencyProbe::Start LatencyProbe::begin() {
    if (busy_.load(std::memory_order_relaxed) || busy_.exchange(true)) return std::nullopt;
    return Clock::now();
}

void LatencyProbe::end(Start start) {
    if (!start) return;
    seconds_.observe(std::chrono::duration<double>(Clock::now() - *start).count());
    busy_ = false;
}

}  // namespace weir::mqtt_bridge
