# SPDX-License-Identifier: Apache-2.0
"""What is measured, as processes that receive the same messages at the same QoS."""

import os
from pathlib import Path

from weir_local import Service
from weir_local.service import Announcer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BIN = Path(os.environ.get("WEIR_BIN") or ROOT / "build" / "release" / "bin")
FILTER = "bench/+"
PYTHON = "/usr/bin/python3"  # Debian's, whose packages set-up installs


class Bridge:
    """mqtt-bridge with its own defaults."""

    name, writes = "weir", True

    def process(self, scene, topic, _count):
        return Service(BIN / "mqtt-bridge", {
            "mqtt": scene.mosquitto.url, "topic": FILTER, "output": topic, "dead-letter": "dead",
            "bootstrap-servers": scene.servers}, scene.folder)


class Counter:
    """A subscriber that acknowledges, counts and forgets: nothing can be quicker with this client
    of MQTT."""

    writes = False

    def __init__(self, name):
        self.name = name

    def process(self, scene, _topic, count):
        return Announcer(f"counter-{self.name}",
                         [BIN / "mqtt-counter", self.name, "127.0.0.1", scene.mosquitto.port,
                          FILTER, count], scene.folder, "^subscribed")


class PlainBridge:
    """plain_bridge.py"""

    name, writes = "python", True

    def process(self, scene, topic, _count):
        return Announcer("plain-bridge", [PYTHON, HERE / "plain_bridge.py", scene.mosquitto.port,
                                          scene.servers, topic], scene.folder, "^subscribed")


ALL = {one.name: one for one in (Bridge(), Counter("own"), Counter("paho"), PlainBridge())}
