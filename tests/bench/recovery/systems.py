# SPDX-License-Identifier: Apache-2.0
"""The systems that are measured, as processes that do one and the same job."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from weir_local import Process, Service
from weir_local.kafka import installed

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BIN = Path(os.environ.get("WEIR_BIN") or ROOT / "build" / "release" / "bin")
CLASSES = ROOT / "build" / "bench" / "recovery" / "classes"

# Event times lie in the past: a changelog that is kept for less time than that loses its state.
KEPT_MS = 20 * 365 * 86_400_000
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
            "windowstore.changelog.additional.retention.ms": KEPT_MS,
            **(properties or {})}
        jars = sorted((installed_streams() / "lib").glob("*.jar"))
        command = ["java", f"-Xmx{heap}", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                   "-Dorg.slf4j.simpleLogger.showDateTime=true",
                   # One line for each reading that is none.
                   "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.streams.processor.internals"
                   ".RecordQueue=error",
                   "-cp", ":".join(map(str, [CLASSES, *jars])), "WindowedMean",
                   *(f"{key}={value}" for key, value in settings.items())]
        return Process(name, command, run_dir, stop_timeout=STOP_S)


def installed_streams():
    """The folder `deploy/local/setup bench` made."""
    return installed().with_name(installed().name.replace("kafka-", "kafka-streams-"))


def compile_streams():
    """Makes CLASSES. Errors: SystemExit, with the compiler's words."""
    if not (installed_streams() / "complete").exists():
        raise SystemExit("Kafka Streams is not there: run deploy/local/setup bench")
    shutil.rmtree(CLASSES, ignore_errors=True)
    CLASSES.mkdir(parents=True)
    done = subprocess.run(["javac", "-cp", str(installed_streams() / "lib" / "*"), "-d", CLASSES,
                           HERE / "WindowedMean.java"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"javac refuses WindowedMean.java:\n{done.stdout}{done.stderr}")
