# SPDX-License-Identifier: Apache-2.0
"""The systems that are measured, as processes that do one and the same job."""

import os
from dataclasses import dataclass
from pathlib import Path

import peers
from weir_local import Process, Service

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(os.environ.get("WEIR_BIN") or ROOT / "build" / "release" / "bin")

# The same for all: what Weir's services take by themselves.
SESSION_MS, HEARTBEAT_MS, FETCH_WAIT_MS, TRANSACTION_MS = 6_000, 1_000, 50, 10_000
GROUP = "bench"
INPUT, OUTPUT, LATE, DEAD = "input", "output", "late", "dead"
STOP_S = 30.0


@dataclass(frozen=True)
class Job:
    """The mean of `data` of each device and tumbling window, once, when the window has closed."""

    servers: str
    window_ms: int
    grace_ms: int


class Weir:
    name = "weir"

    def replica(self, name, job, run_dir, **_):
        options = {
            "bootstrap-servers": job.servers, "group": GROUP, "input": INPUT, "output": OUTPUT,
            "late": LATE, "dead-letter": DEAD, "key": "device_name", "time": "timestamp",
            "window": f"{job.window_ms}ms", "grace": f"{job.grace_ms}ms",
            "aggregate": "mean=mean(data)",
            # By readings alone, as Kafka Streams does: the oracle has no clock.
            "idle": "1h",
            "kafka": [f"client.id={name}", f"session.timeout.ms={SESSION_MS}",
                      f"heartbeat.interval.ms={HEARTBEAT_MS}",
                      f"fetch.wait.max.ms={FETCH_WAIT_MS}"],
        }
        return Service(BIN / "aggregator", options, run_dir, name=name, stop_timeout=STOP_S)


class Streams:
    """Kafka Streams with exactly_once_v2; `store` is memory or rocksdb."""

    def __init__(self, store):
        self.name = f"streams {store}"
        self._store = store

    def replica(self, name, job, run_dir, *, heap="1g", properties=None):
        settings = {
            "input": INPUT, "output": OUTPUT, "window.ms": job.window_ms,
            "grace.ms": job.grace_ms, "store": self._store,
            "bootstrap.servers": job.servers, "application.id": GROUP, "client.id": name,
            "state.dir": Path(run_dir) / name, "processing.guarantee": "exactly_once_v2",
            "num.stream.threads": os.cpu_count(), "auto.offset.reset": "earliest",
            "session.timeout.ms": SESSION_MS, "heartbeat.interval.ms": HEARTBEAT_MS,
            "fetch.max.wait.ms": FETCH_WAIT_MS,
            "producer.transaction.timeout.ms": TRANSACTION_MS,
            "windowstore.changelog.additional.retention.ms": peers.KEPT_MS,
            **(properties or {})}
        return Process(name, peers.streams_command(settings, heap), run_dir, stop_timeout=STOP_S)
