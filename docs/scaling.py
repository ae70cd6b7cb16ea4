#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/scaling.py [--KEY VALUE]... [RATE...]: what so many readings a second need of everything.

With one rate it shows the arithmetic, with several (or none) a table; docs/scaling.md has both and
explains them. Every number below is an option of that name:
    docs/scaling.py --retention-hours 168 --busy 0.7 250000
"""

import argparse
import math

# Measured by tests/bench/rates.py. CPU is in seconds for a million readings.
MEASURED = {
    "mosquitto-cpu": 20,      # in and out, QoS 1
    "bridge-cpu": 4.3,
    "aggregator-cpu": 0.95,
    "replay-cpu": 0.8,         # read again when partitions change hands
    "broker-in-cpu": 3.2,      # Kafka's, for what it takes in
    "broker-out-cpu": 0.6,     # and for what it hands out once
    "reading-bytes": 143,      # on a broker's disk, as the bridge writes it
    "result-bytes": 358,
    "window-bytes": 96,        # of memory, for one device's open window
    "aggregator-megabytes": 80,  # of memory, beside the windows
}
# Yours.
ASSUMED = {
    "seconds-between-readings": 1,  # of one device
    "window-seconds": 15,
    "grace-seconds": 15,
    "busy": 0.5,               # of a core; the rest is for catching up, rebalances, growth
    "retention-hours": 24,     # of readings and results
    "copies": 3,               # replication factor
    "broker-cores": 16,
    "broker-disk-megabytes": 250,  # a second, written
    "broker-net-megabytes": 600,   # a second, each way: half of 10 Gbit/s
    "broker-disk-terabytes": 8,
}
RATES = (10_000, 100_000, 1_000_000, 10_000_000)


class Numbers:
    """The numbers in use: n.busy is --busy."""

    def __init__(self, values):
        vars(self).update({name.replace("-", "_"): value for name, value in values.items()})


def text(value):
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def cores(rate, cpu, n):
    """Processes of one core each, as rows have it."""
    return math.ceil(rate / 1e6 * cpu / n.busy), f"{text(rate / 1e6)} × {cpu} s / {n.busy}"


def services(rate, n):
    """[(what, value, how)] for the parts that work."""
    devices = rate * n.seconds_between_readings
    replicas, how = cores(rate, n.aggregator_cpu, n)
    partitions = max(4, 2 * replicas)
    keys = devices / partitions
    open_each = math.ceil(n.grace_seconds / n.window_seconds) + 1
    windows = devices / replicas * open_each
    again = rate / replicas * (n.window_seconds + n.grace_seconds)
    return [
        ("devices", devices, f"{text(rate)} × {n.seconds_between_readings} s"),
        ("MQTT brokers", *cores(rate, n.mosquitto_cpu, n)),
        ("bridges", *cores(rate, n.bridge_cpu, n)),
        ("aggregators", replicas, how),
        ("partitions of the input", partitions,
         "twice the aggregators, so that these can double; 4 at least"),
        ("devices in a partition", keys, f"{text(devices)} / {partitions}"),
        # Balls thrown into bins.
        ("devices in the fullest", keys + math.sqrt(2 * keys * math.log(partitions)),
         f"K + √(2 K ln {partitions})"),
        ("open windows of an aggregator", windows,
         f"{text(devices)} / {replicas} × (⌈{n.grace_seconds} / {n.window_seconds}⌉ + 1)"),
        ("MB of memory of an aggregator",
         n.aggregator_megabytes + windows * n.window_bytes / 1e6,
         f"{n.aggregator_megabytes} + {text(windows)} × {n.window_bytes} / 1e6"),
        ("readings read again when one is killed", again,
         f"{text(rate)} / {replicas} × ({n.window_seconds} + {n.grace_seconds}) s"),
        ("seconds of work for that", again / 1e6 * n.replay_cpu,
         f"{text(again / 1e6)} × {n.replay_cpu} s"),
    ]


def brokers(rate, n):
    """The same for Kafka."""
    results = rate * n.seconds_between_readings / n.window_seconds
    written = (rate * n.reading_bytes + results * n.result_bytes) / 1e6
    stored = written * n.copies * n.retention_hours * 3600 / 1e6
    # A follower asks its leader as a consumer does and writes as a leader does.
    needs = {
        "CPU": rate / 1e6 * n.copies * (n.broker_in_cpu + n.broker_out_cpu) / n.busy
        / n.broker_cores,
        "disk throughput": written * n.copies / n.broker_disk_megabytes,
        "network": written * n.copies / n.broker_net_megabytes,
        "disk space": stored / n.broker_disk_terabytes,
        "copies": n.copies,
    }
    bound = max(needs, key=needs.get)
    return [
        ("results a second", results,
         f"{text(rate * n.seconds_between_readings)} / {n.window_seconds} s"),
        ("MB written a second", written, f"({text(rate)} × {n.reading_bytes} + "
         f"{text(results)} × {n.result_bytes}) / 1e6"),
        ("TB kept", stored, f"{text(written)} × {n.copies} × {n.retention_hours} × 3600 s / 1e6"),
        ("Kafka brokers", math.ceil(needs[bound]),
         "the most of " + ", ".join(f"{what} {text(need)}" for what, need in needs.items())),
        ("their bound", bound, "what asks for the most"),
    ]


def plan(rate, values):
    n = Numbers(values)
    return services(rate, n) + brokers(rate, n)


def table(rates, values):
    yield f"| readings a second | {' | '.join(text(rate) for rate in rates)} |"
    yield f"|---|{'---:|' * len(rates)}"
    for row in zip(*(plan(rate, values) for rate in rates)):
        yield f"| {row[0][0]} | {' | '.join(text(value) for _, value, _ in row)} |"


def arithmetic(rate, values):
    yield f"| for {text(rate)} readings a second | | how |\n|---|---:|---|"
    for what, value, how in plan(rate, values):
        yield f"| {what} | {text(value)} | {how} |"


def number(words):
    return float(words) if "." in words else int(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rates", type=number, nargs="*", metavar="RATE")
    for name, value in (MEASURED | ASSUMED).items():
        parser.add_argument(f"--{name}", type=number, default=value, metavar=str(value))
    given = vars(parser.parse_args())
    values = {name: given[name.replace("-", "_")] for name in MEASURED | ASSUMED}
    one = len(given["rates"]) == 1
    print("\n".join(arithmetic(*given["rates"], values) if one else
                    table(given["rates"] or RATES, values)))


if __name__ == "__main__":
    main()
