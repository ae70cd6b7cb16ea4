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


class Member:
    """A raw client of a namespace that says `auth` in its CONNECT, as socket.io-client would.

    `joined`: the answer. `resent`: the events that came before the first others, a snapshot or
    totals, which is `first`."""

    def __init__(self, port, nsp="/live", first=True, timeout=10, **auth):
        self.prefix = f"{nsp}," if nsp else ""
        self.socket, packet = self._join(port, nsp, auth, timeout)
        assert packet.startswith(f"40{self.prefix}"), packet
        self.joined = json.loads(packet.removeprefix(f"40{self.prefix}"))
        self.events, self.resent = [], []
        while first and (event := self.next())[0] not in ("snapshot", "totals"):
            self.resent.append(event)
        self.first = event if first else None

    @staticmethod
    def _join(port, nsp, auth, timeout=10):
        socket = WebSocket(port)
        socket.raw.settimeout(timeout)
        socket.open_packet()
        socket.send(f"40{nsp}{',' if nsp else ''}" + json.dumps(auth))
        return socket, socket.receive()

    @classmethod
    def refused(cls, port, auth, nsp="/live"):
        """What a client that is not let in is told."""
        _, packet = cls._join(port, nsp, auth)
        prefix = f"44{nsp}{',' if nsp else ''}"
        assert packet.startswith(prefix), packet
        return json.loads(packet.removeprefix(prefix))

    def next(self):
        packet = self.socket.receive()
        assert packet.startswith(f"42{self.prefix}"), packet
        self.events.append(json.loads(packet.removeprefix(f"42{self.prefix}")))
        return self.events[-1]

    def until(self, condition):
        while not condition(self.next()):
            pass
        return self.events[-1]

    def next_event(self, name="window"):
        """The next event of a record; others than totals do not come between."""
        event = self.until(lambda event: event[0] != "totals")
        assert event[0] == name, event
        return event

    def ask(self, event, keys):
        return self.ask_raw(event, json.dumps(keys))

    def ask_raw(self, event, args):
        """Asks with an acknowledgement; the events that came before it, totals apart, and what it
        says."""
        self.socket.send(f'42{self.prefix}7["{event}"{"," if args else ""}{args}]')
        came = []
        while not (packet := self.socket.receive()).startswith(f"43{self.prefix}7"):
            came.append(json.loads(packet.removeprefix(f"42{self.prefix}")))
        [answer] = json.loads(packet.removeprefix(f"43{self.prefix}7"))
        return [event for event in came if event[0] != "totals"], answer

    def past(self, last_event):
        return {"pid": self.joined["pid"], "offset": last_event[-1]}
