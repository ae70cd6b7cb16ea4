# SPDX-License-Identifier: Apache-2.0
"""The systems that are measured, as processes that do one and the same job."""

import os
from dataclasses import dataclass
from pathlib import Path

import peers
from weir_local import Process, Service

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("WEIR_BIN") or ROOT / "build" / "release" / "bin")

# The same for all. With their own 500 the Java clients stand still most of the time on partitions
# that are not of one size.
FETCH_WAIT_MS = 10
STOP_S = 30.0


@dataclass(frozen=True)
class Job:
    """The mean of `data` of each device and tumbling window, once, when the window has closed."""

    servers: str
    input: str
    output: str
    late: str
    dead: str
    window_s: int
    grace_s: int
    name: str  # of this run: groups and transactions go by it


class Weir:
    def __init__(self, guarantee):
        self._guarantee = guarantee

    def process(self, job, folder):
        return Service(BIN / "aggregator", {
            "bootstrap-servers": job.servers, "group": job.name, "input": job.input,
            "output": job.output, "late": job.late, "dead-letter": job.dead, "key": "device_name",
            "time": "timestamp", "window": f"{job.window_s}s", "grace": f"{job.grace_s}s",
            "aggregate": "mean=mean(data)", "guarantee": self._guarantee,
            "idle": "1h",  # by readings alone, as the others do
            "kafka": [f"fetch.wait.max.ms={FETCH_WAIT_MS}"],
        }, folder, name=job.name, stop_timeout=STOP_S)


class Streams:
    """Kafka Streams; `store` is memory or rocksdb."""

    def __init__(self, store, guarantee):
        self._store, self._guarantee = store, guarantee

    def process(self, job, folder):
        settings = {
            "input": job.input, "output": job.output, "window.ms": job.window_s * 1000,
            "grace.ms": job.grace_s * 1000, "store": self._store,
            "bootstrap.servers": job.servers, "application.id": job.name,
            "state.dir": folder / job.name, "processing.guarantee": self._guarantee,
            # At least once it commits, and lets results out, every half minute by itself.
            "commit.interval.ms": 100 if self._guarantee == "exactly_once_v2" else 1_000,
            "num.stream.threads": os.cpu_count(), "auto.offset.reset": "earliest",
            "fetch.max.wait.ms": FETCH_WAIT_MS,
            "windowstore.changelog.additional.retention.ms": peers.KEPT_MS}
        return Process(job.name, peers.streams_command(settings, "4g"), folder,
                       stop_timeout=STOP_S)


SYSTEMS = {
    "weir": Weir("at-least-once"),
    "weir-exactly-once": Weir("exactly-once"),
    "streams-memory": Streams("memory", "at_least_once"),
    "streams-rocksdb": Streams("rocksdb", "at_least_once"),
    "streams-memory-exactly-once": Streams("memory", "exactly_once_v2"),
    "streams-rocksdb-exactly-once": Streams("rocksdb", "exactly_once_v2"),
}
