# SPDX-License-Identifier: Apache-2.0
"""What stands at both ends of an emitter: topics that are written to, and a client of /live."""

import json
import time

from confluent_kafka import Producer
from socketio_wire import WebSocket


class Topics:
    """Writes records to topics of a test's own."""

    def __init__(self, kafka):
        self.bootstrap_servers = kafka.bootstrap_servers
        # Idempotent, which keeps the order also of what is sent again.
        self._producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "linger.ms": 0,
                                   "enable.idempotence": True})

    def write(self, topic, *values, key="device1", **headers):
        named = [(name.replace("_", "-"), text) for name, text in headers.items()]
        for value in values:
            if isinstance(value, dict):
                value = json.dumps(value, separators=(",", ":"))
            self._producer.produce(topic, value, key, headers=named)
        assert self._producer.flush(30) == 0


class Live:
    """A raw client of /live: what it got, as (event, value, meta)."""

    def __init__(self, port, timeout=10, **how):
        self.socket = WebSocket(port, **how)
        self.socket.raw.settimeout(timeout)
        self.socket.send("40/live,")
        while not self.socket.receive().startswith("40/live,"):
            pass
        self.events = []

    def next(self):
        packet = self.socket.receive()
        assert packet.startswith("42/live,"), packet
        event = json.loads(packet.removeprefix("42/live,"))
        self.events.append(event)
        return event

    def until(self, condition, what):
        """Reads until condition(event); returns that event."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            event = self.next()
            if condition(event):
                return event
        raise AssertionError(f"no {what} in {self.events}")

    def snapshot(self):
        return self.until(lambda event: event[0] == "snapshot", "snapshot")[1]

    def totals(self, **wanted):
        return self.until(lambda event: event[:2] == ["totals", wanted], "totals")
