# SPDX-License-Identifier: Apache-2.0
"""The air-quality system with all five services at work, for who wants to see their metrics."""

import json
import os
import pty
import threading
import tty
from pathlib import Path

from support import ROOT, wait_until
from weir_local.service import Job, Service
from weir_local.system import System

# Every service that serves /metrics: all but the jobs, which end.
SERVICES = sorted(p.parent.name for p in (ROOT / "services").glob("*/CMakeLists.txt")
                  if p.parent.name not in ("audit", "topics"))

# Windows of two seconds, so that results come while a test waits; a bridge that has replicas.
_options = {"aggregator": {"window": "2s", "grace": "1s", "idle": "1s"},
            "mqtt-bridge": {"slots": "mqtt-bridge-slots"}}

# What becomes a dead letter in the bridge, a dead record in the aggregator, a late one there, and
# a device with a wrong clock.
_trouble = [
    {"offset": 0, "device": "device1", "payload": "nan"},
    {"offset": 0, "device": "device1", "payload": {"data": "no number"}},
    {"offset": 0, "device": "device1",
     "payload": {"timestamp": "2020-01-01 00:00:00", "data": 1}},
    {"offset": 0, "device": "device4",
     "payload": {"timestamp": "2020-01-01 00:00:00", "data": 1}},
]


class Watched:
    """The system on free ports, with a sensor on a serial line and some records that are no good.

    Threads: start() and stop() belong to the thread that lives as long as the system.
    """

    def __init__(self, run_dir, bin_dir):
        self.run_dir = Path(run_dir)
        self._bin = Path(bin_dir)
        self._system = System(ROOT / "deploy" / "air-quality", run_dir, bin_dir, ports="free",
                              options=_options)
        self._serial_reader = None
        self._sensor = None

    def start(self):
        self._system.start()
        self._sensor = Sensor()
        self._serial_reader = Service(self._bin / "serial-reader", {
            "port": self._sensor.port, "device": "device3", "mqtt": self.mqtt_url,
            "topic-prefix": "kafka-spark-integration", "buffer": self.run_dir / "buffer",
        }, self.run_dir).start().wait_ready()
        self._make_trouble()
        return self

    def stop(self):
        for part in (self._serial_reader, self._sensor, self._system):
            if part is not None:
                part.stop()

    @property
    def mqtt_url(self):
        return f"tcp://127.0.0.1:{self._system.ports['mqtt']}"

    def __getitem__(self, name):
        return self._serial_reader if name == "serial-reader" else self._system[name]

    def exposition(self):
        """{service: the text of its /metrics}."""
        return {name: self[name].get("/metrics")[1] for name in SERVICES}

    def _make_trouble(self):
        # A late one needs a watermark to be late for.
        wait_until(lambda: self["aggregator"].metrics()["weir_results_total"] > 0, "a result")
        recording = self.run_dir / "trouble.jsonl"
        recording.write_text("".join(json.dumps(line) + "\n" for line in _trouble))
        command = [self._bin / "device-simulator", "--mqtt", self.mqtt_url, "--qos", "1",
                   "--topic-prefix", "kafka-spark-integration", "--replay", recording,
                   "--admin", "off"]
        job = Job("trouble", command, self.run_dir).start()
        assert job.finish(20) == 0, job.log_tail()
        for fate in ("late", "dead"):
            counter = f'weir_records_total{{fate="{fate}"}}'
            wait_until(lambda: self["aggregator"].metrics()[counter] > 0, f"a record {fate}")
        wait_until(lambda: "weir_key_clock_skew_seconds{" in self["aggregator"].get("/metrics")[1],
                   "the key with the wrong clock")


class Sensor:
    """A serial device that sends a reading ten times a second."""

    def __init__(self):
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self._slave = slave  # open, so that the line stays up while nobody reads
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def _send(self):
        while not self._stop.wait(0.1):
            os.write(self._master, b"849.63\r\n")

    def stop(self):
        self._stop.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)
