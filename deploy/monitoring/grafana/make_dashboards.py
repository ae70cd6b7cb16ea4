#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes dashboards/*.json: one for each service and one for the pipeline.

Run it after a change here; a test holds the files to it. A panel is a line or two here and twenty
in Grafana's JSON, all of them the same but for those two. How to write one: Panel in panels.py.
"""

from pathlib import Path

from panels import Panel, Row, dashboard, text_of

FOLDER = Path(__file__).parent / "dashboards"
PER_SECOND = "suffix:/s"
# What any process shows, of Weir's only.
OURS = "and on (job, instance) weir_build_info"


def rate(metric, by=None):
    summed = f"sum by ({by})" if by else "sum"
    return f"{summed} (rate({metric}[$__rate_interval]))"


def per_quarter(metric, by=None):
    summed = f"sum by ({by})" if by else "sum"
    return f"{summed} (increase({metric}[15m]))"


def quantiles(histogram):
    """Median and 99th percentile of what the rules have worked out."""
    return {"median": f"job:{histogram}:p50_5m@job", "99 %": f"job:{histogram}:p99_5m@job"}


def stat(title, query, unit="short", legend="", about="", ready=False):
    return Panel(title, {legend: query}, unit, about, "stat", width=4, height=4, ready=ready)


def head(*more):
    """What every service's page begins with."""
    return Row("Now", [
        stat("Ready", "sum(weir_ready@)", ready=True,
             about="Replicas that can do their job now, as their /readyz says."),
        stat("Running", "sum(weir_alive@)", ready=True,
             about="Replicas whose loops come round, as their /healthz says."),
        Panel("What readiness needs", {"{{instance}} {{condition}}": "weir_condition_met@"},
              about="1 where it is met.", kind="stat", width=8, height=4, ready=True),
        *more])


PROCESS = Row("Process", [
    Panel("Memory", {"{{instance}}": "process_resident_memory_bytes@"}, "bytes"),
    Panel("CPU", {"{{instance}}": "rate(process_cpu_seconds_total@[$__rate_interval])"},
          "percentunit", "Of one core."),
    Panel("Open files", {"{{instance}}": "process_open_fds@"}, width=4),
    stat("Last start", "min(time() - process_start_time_seconds@)", "s",
         about="How long the youngest replica has run."),
    stat("Version", "count by (version) (weir_build_info@)", legend="{{version}}",
         about="How many replicas run each version."),
])

PIPELINE = [
    Row("Now", [
        Panel("Replicas ready", {"{{job}}": "sum by (job) (weir_ready)"}, kind="stat", width=12,
              height=5, ready=True),
        Panel("Alerts", {"": 'ALERTS{alertname=~"Weir.*",alertstate="firing"}'}, kind="table",
              width=12, height=5, about="What they mean and what to do: README.md beside this."),
    ]),
    Row("The way of a reading", [
        Panel("Records", {
            "devices: published":
                'sum(job:weir_records_out:rate1m{job=~"device-simulator|serial-reader"})',
            "mqtt-bridge: received": 'job:weir_records_in:rate1m{job="mqtt-bridge"}',
            "mqtt-bridge: in Kafka": 'job:weir_records_out:rate1m{job="mqtt-bridge"}',
            "aggregator: read": 'job:weir_records_in:rate1m{job="aggregator"}',
            "aggregator: results": "sum(job:weir_results:rate1m)",
            "emitter: read": 'job:weir_records_in:rate1m{job="emitter"}',
        }, PER_SECOND, "The emitter also reads running results, late records and dead letters.",
            width=16, height=9),
        Panel("Fates of input records", {
            "{{fate}}": "sum by (fate) (job_fate:weir_records:rate1m)"},
              PER_SECOND, "Every input record of the aggregator has one of four.", height=9,
              stacked=True),
    ]),
    Row("How far behind", [
        Panel("Input not read yet", {"{{job}}": "job:weir_input_lag_records:sum"}),
        Panel("Time to catch up", {"{{job}}": "job:weir_input_lag_seconds:rate1m"}, "s",
              "At the present rate; infinite when nothing is read."),
        Panel("Watermark", {
            "behind the clock": "max(job:weir_watermark_lag_seconds:max)",
            "overdue": "max(job:weir_windows_overdue_seconds:max)",
        }, "s", "The watermark of a partition whose devices are silent stays where it is. Overdue "
                "is the window that should have closed first."),
    ]),
    Row("How long it takes", [
        Panel("MQTT to Kafka", {
            "median": "max(job:weir_kafka_delivery_seconds:p50_5m)",
            "99 %": "max(job:weir_kafka_delivery_seconds:p99_5m)"}, "s"),
        Panel("A commit", {
            "median": "max(job:weir_commit_seconds:p50_5m)",
            "99 %": "max(job:weir_commit_seconds:p99_5m)"}, "s"),
        Panel("Kafka to browser", {
            "median": "max(job:weir_relay_seconds:p50_5m)",
            "99 %": "max(job:weir_relay_seconds:p99_5m)"}, "s"),
    ]),
    Row("Lost or set aside, in 15 minutes", [
        Panel("Readings dropped", {
            "{{job}} {{reason}}": "sum by (job, reason) (instance:weir_records_dropped:increase15m)"
        }),
        Panel("Dead letters", {"{{job}}": "sum by (job) (instance:weir_records_dead:increase15m)"}),
        Panel("MQTT sessions lost", {
            "{{job}}": per_quarter("weir_mqtt_sessions_lost_total", "job")},
            about="Each may have lost what the MQTT broker had queued."),
    ]),
    Row("Processes", [
        Panel("Memory", {
            "{{job}}": f"sum by (job) (process_resident_memory_bytes {OURS})"},
              "bytes", width=12, stacked=True),
        Panel("CPU", {
            "{{job}}": f"sum by (job) (rate(process_cpu_seconds_total[$__rate_interval]) {OURS})"},
              "percentunit", "Of one core.", width=12, stacked=True),
    ]),
]

AGGREGATOR = [
    head(stat("Partitions", "sum(weir_partitions@)"),
         stat("Stand still", "sum(weir_stalled_partitions@)",
              about="Partitions at --open-windows-max.")),
    Row("Records", [
        Panel("Fates", {"{{fate}}": rate("weir_records_total@", "fate")}, PER_SECOND, stacked=True),
        Panel("Input", {"{{instance}}": rate("weir_records_in_total@", "instance")}, PER_SECOND),
        Panel("Results", {
            "final": rate("weir_results_total@"),
            "of these revisions": rate("weir_revisions_total@"),
            "running": rate("weir_partials_total@"),
            "running, given up": rate("weir_partials_dropped_total@")}, PER_SECOND),
        Panel("Filtered", {"{{reason}}": rate("weir_filtered_records_total@", "reason")},
              PER_SECOND, "Without a value, or repeated with --distinct-by."),
    ]),
    Row("How far behind", [
        Panel("Input not read yet", {"{{instance}}": "weir_input_lag_records@"}),
        Panel("Time to catch up", {"all replicas": "job:weir_input_lag_seconds:rate1m@job"}, "s"),
        Panel("Watermark", {"{{instance}} behind the clock": "weir_watermark_lag_seconds@",
                            "{{instance}} overdue": "weir_windows_overdue_seconds@"}, "s",
              "Of the partition furthest behind. One whose devices are silent stays where it is; "
              "overdue is only a window that waits."),
    ]),
    Row("Clocks of the devices", [
        Panel("Furthest off", {"{{key}}": "weir_key_clock_skew_seconds@"}, "s",
              "Ahead of the brokers' clocks, or behind below zero: the --skewed-keys with the most "
              "wrong clocks, from a second on.", width=12, signed=True),
        Panel("Readings further off than a minute", {
            "{{side}}": rate("weir_clock_skew_seconds_count@", "side") + " - "
                        + rate('weir_clock_skew_seconds_bucket@{le="60"}', "side")},
              PER_SECOND, "What was long on its way is behind, too.", width=12),
    ]),
    Row("Windows", [
        Panel("Open windows", {"{{instance}}": "weir_open_windows@"}, about="One for each key."),
        Panel("Their memory", {"{{instance}}": "weir_window_memory_bytes@"}, "bytes"),
        Panel("Built up again", {
            "{{instance}} records left": "weir_replay_records_left@",
            "{{instance}} partitions": "weir_replaying_partitions@",
            "records read again, in 15 minutes": per_quarter("weir_replayed_records_total@")},
              about="After a start, a rebalance or an abort."),
    ]),
    Row("Absence, with --expect-every", [
        Panel("Keys", {"expected": "sum(weir_expected_keys@)",
                       "missing": "sum(weir_missing_keys@)"}),
        Panel("Status records", {"{{status}}": rate("weir_status_records_total@", "status")},
              PER_SECOND),
        Panel("Readings nobody watches for", {
            "in 15 minutes": per_quarter("weir_unwatched_readings_total@")},
              about="Of keys beyond --expected-keys-max."),
    ]),
    Row("Commits", [
        Panel("How long they take", quantiles("weir_commit_seconds"), "s"),
        Panel("How many", {"done": rate("weir_commits_total@"),
                           "given up": rate("weir_aborts_total@")}, PER_SECOND),
        Panel("Records under another key than their group", {
            "in 15 minutes": per_quarter("weir_scattered_records_total@")},
              about="Anything but 0 means that results come out in parts."),
    ]),
    PROCESS,
]

MQTT_BRIDGE = [
    head(stat("Waiting for Kafka", "sum(weir_mqtt_unacknowledged_records@)"),
         stat("The longest for", "max(weir_mqtt_oldest_unacknowledged_seconds@)", "s")),
    Row("Records", [
        Panel("Received from MQTT", {"QoS {{qos}}": rate("weir_records_in_total@", "qos")},
              PER_SECOND, stacked=True),
        Panel("Confirmed by Kafka", {"records and dead letters": rate("weir_records_out_total@"),
                                     "acknowledged to MQTT": rate("weir_mqtt_acknowledged_total@")},
              PER_SECOND),
        Panel("Dead letters, in 15 minutes", {
            "{{stage}}": per_quarter("weir_dead_letters_total@", "stage")}),
        Panel("Devices' status, in 15 minutes", {
            "in 15 minutes": per_quarter("weir_status_records_total@")},
              about="With --status-topic."),
    ]),
    Row("Kafka", [
        Panel("Time to Kafka's answer", quantiles("weir_kafka_delivery_seconds"), "s"),
        Panel("Not acknowledged yet", {"{{instance}}": "weir_mqtt_unacknowledged_records@"}),
        Panel("Age of the oldest", {"{{instance}}": "weir_mqtt_oldest_unacknowledged_seconds@"},
              "s"),
        Panel("Sent again, in 15 minutes", {
            "in 15 minutes": per_quarter("weir_records_repeated_total@")},
              about="Kafka had refused them, for a reason that passes."),
    ]),
    Row("MQTT session, in 15 minutes", [
        Panel("Repeats", {"passed on, marked": per_quarter("weir_mqtt_duplicates_total@"),
                          "recognized, left out": per_quarter("weir_mqtt_suppressed_total@")}),
        Panel("Retained messages left out", {
            "in 15 minutes": per_quarter("weir_mqtt_retained_skipped_total@")}),
        Panel("Connections", {"made": per_quarter("weir_mqtt_connections_total@"),
                              "session lost": per_quarter("weir_mqtt_sessions_lost_total@")},
              about="A lost session may have lost messages."),
        Panel("Pauses", {"{{instance}}": per_quarter("weir_mqtt_pauses_total@", "instance")},
              about="Reading stopped because too much waited for Kafka."),
        Panel("Dropped by the MQTT broker", {
            "{{instance}}": "weir_mqtt_broker_dropped_messages@"},
              about="What the broker itself counts, with --dropped-topic. It should not grow."),
    ]),
    Row("Replicas", [
        Panel("MQTT sessions", {"{{instance}}": "weir_mqtt_sessions@"},
              about="One, or with --slots one for each filter a replica has; none while it stands "
                    "by."),
        Panel("Owners of each slot", {"slot {{slot}}": "sum by (slot) (weir_slot_owned@)"},
              about="With --slots, 1 over all replicas. At 0 nobody looks after its filters."),
    ]),
    PROCESS,
]

EMITTER = [
    head(stat("Clients", "sum(weir_clients@)"),
         stat("Records behind", "sum(weir_input_lag_records@)")),
    Row("Records", [
        Panel("Read from Kafka", {"{{topic}}": rate("weir_records_in_total@", "topic")}, PER_SECOND,
              stacked=True),
        Panel("Not read yet", {"{{instance}}": "weir_input_lag_records@"}),
        Panel("No event made, in 15 minutes", {
            "{{reason}}": per_quarter("weir_records_flawed_total@", "reason")}),
        Panel("Left out", {"by --{{reason}}": rate("weir_filtered_records_total@", "reason")},
              PER_SECOND, about="By --keys and --map, once for each event."),
    ]),
    Row("Browsers", [
        Panel("Connected", {"{{transport}}": "sum by (transport) (weir_clients@)"}, stacked=True),
        Panel("Subscribed to some keys", {"clients": "sum(weir_clients_subscribed@)"}),
        Panel("Come", {"{{transport}}": rate("weir_clients_opened_total@", "transport"),
                       "refused, beyond --clients": rate("weir_clients_refused_total@"),
                       "refused, beyond --clients-per-address":
                           rate("weir_clients_refused_for_address_total@")},
              PER_SECOND),
        Panel("Gone, in 15 minutes", {
            "{{reason}}": per_quarter("weir_clients_closed_total@", "reason"),
            "token expired": per_quarter("weir_clients_expired_total@")},
              about="too_slow: more than --client-queue waited for it. server_close has those "
                    "whose token expired, too."),
        Panel("Tokens refused, in 15 minutes", {
            "{{reason}}": per_quarter("weir_clients_unauthorized_total@", "reason")}),
        Panel("Back, in 15 minutes", {
            "{{sent}}": per_quarter("weir_clients_returned_total@", "sent")},
              about="Sent what they missed, or a snapshot because that was not there any more."),
        Panel("Time from Kafka to event", quantiles("weir_relay_seconds"), "s"),
        Panel("Packets", {"to clients": rate("weir_client_packets_out_total@"),
                          "from clients": rate("weir_client_messages_in_total@"),
                          "left out": rate("weir_client_volatile_dropped_total@"),
                          "lost": rate("weir_client_events_dropped_total@")}, PER_SECOND,
              about="Left out because a client was not ready, with :latest or :drop; lost for "
                    "good, with :drop."),
        Panel("Bytes", {"to clients": rate("weir_client_out_bytes_total@"),
                        "from clients": rate("weir_client_in_bytes_total@")}, "Bps"),
    ]),
    Row("Upstream", [
        Panel("Events", {"got by it": rate("weir_upstream_events_total@"),
                         "sent again": rate("weir_upstream_events_repeated_total@")}, PER_SECOND,
              about="With --upstream."),
        Panel("Not known to be there yet", {"{{instance}}": "weir_upstream_waiting_events@"}),
        Panel("In 15 minutes", {
            "connections": per_quarter("weir_upstream_connections_total@"),
            "events larger than it takes": per_quarter("weir_upstream_events_too_large_total@")}),
    ]),
    Row("HTTP", [
        Panel("Requests", {"answered": rate("weir_http_requests_total@"),
                           "bad": rate("weir_http_bad_requests_total@")}, PER_SECOND),
        Panel("Connections", {"{{instance}}": "weir_http_connections@",
                              "refused, in 15 minutes":
                                  per_quarter("weir_http_refused_connections_total@")},
              about="WebSockets apart."),
        Panel("Engine.IO, in 15 minutes", {
            "refused: {{reason}}": per_quarter("weir_client_requests_refused_total@", "reason"),
            "upgrades": per_quarter("weir_client_upgrades_total@"),
            "upgrades not completed": per_quarter("weir_client_upgrades_failed_total@")}),
    ]),
    Row("TLS", [
        Panel("Handshakes", {
            "under way at {{instance}}": "weir_tls_handshakes@",
            "{{reason}}, in 15 minutes":
                per_quarter("weir_tls_handshakes_failed_total@", "reason")},
              about="With 1024 under way no connection is accepted."),
        Panel("Certificates read again, in 15 minutes", {
            "{{result}}": per_quarter("weir_tls_reloads_total@", "result")}),
        stat("Certificate ends", "min(weir_tls_certificate_expires_seconds@) * 1000",
             "dateTimeAsIso", about="1970: at least one emitter has no TLS."),
    ]),
    PROCESS,
]

DEVICE_SIMULATOR = [
    head(stat("Waiting for the broker", "sum(weir_queue_records@)"),
         stat("Behind", "max(weir_lag_seconds@)", "s")),
    Row("Readings", [
        Panel("Rate", {"taken": rate("weir_readings_total@"),
                       "published": rate("weir_records_out_total@")}, PER_SECOND),
        Panel("Dropped, in 15 minutes", {
            "{{reason}}": per_quarter("weir_records_dropped_total@", "reason")}),
        Panel("On their way", {"{{instance}} queued": "weir_queue_records@",
                               "{{instance}} in flight": "weir_in_flight_records@"}),
        Panel("Behind the devices' times", {"{{instance}}": "weir_lag_seconds@"}, "s"),
        Panel("Waits, in 15 minutes", {
            "{{instance}}": per_quarter("weir_waits_total@", "instance")},
              about="The devices waited because --queue was full."),
    ]),
    PROCESS,
]

SERIAL_READER = [
    head(stat("Waiting for the broker", "sum(weir_buffer_records@)"),
         stat("Buffer in use", "max(weir_buffer_records@ / weir_buffer_records_max@)",
              "percentunit")),
    Row("Readings", [
        Panel("Rate", {"from the line": rate("weir_records_in_total@"),
                       "acknowledged by the broker": rate("weir_records_out_total@")}, PER_SECOND),
        Panel("Lines rejected, in 15 minutes", {
            "{{reason}}": per_quarter("weir_lines_rejected_total@", "reason")}),
        Panel("Readings lost, in 15 minutes", {
            "{{reason}}": per_quarter("weir_records_dropped_total@", "reason"),
            "gap records": per_quarter("weir_gap_records_total@")}),
    ]),
    Row("The way to the broker", [
        Panel("Waiting", {"{{instance}} in the buffer": "weir_buffer_records@",
                          "{{instance}} in flight": "weir_in_flight_records@"}),
        Panel("Buffer on disk", {"{{instance}}": "weir_buffer_bytes@"}, "bytes",
              "Acknowledged readings included, until their file is full."),
        Panel("Publishing failed, in 15 minutes", {
            "{{kind}}": per_quarter("weir_errors_total@", "kind")}),
    ]),
    Row("The sensor", [
        Panel("Port opened, in 15 minutes", {
            "{{instance}}": per_quarter("weir_port_opens_total@", "instance")}),
        Panel("Ro", {"{{instance}}": "weir_calibration_ro_kohm@"}, "suffix: kΩ",
              "The sensor's resistance in clean air, as it last reported."),
        Panel("Device starts, in 15 minutes", {
            "{{instance}}": per_quarter("weir_calibrations_total@", "instance")}),
    ]),
    PROCESS,
]

DASHBOARDS = {
    "pipeline": PIPELINE,
    "aggregator": AGGREGATOR,
    "device-simulator": DEVICE_SIMULATOR,
    "emitter": EMITTER,
    "mqtt-bridge": MQTT_BRIDGE,
    "serial-reader": SERIAL_READER,
}


if __name__ == "__main__":
    for name, rows in DASHBOARDS.items():
        file = FOLDER / f"{name}.json"
        file.write_text(text_of(dashboard(name, rows)) + "\n", encoding="utf-8")
