# SPDX-License-Identifier: Apache-2.0
"""Devices that send numbers, and the count of those that arrive."""

import json
import threading
import time
import uuid
from collections import Counter
from datetime import datetime, timezone

import paho.mqtt.client as mqtt

DEVICES_EACH = 5
ACCEPTED_S = 180.0


class Crowd(threading.Thread):
    """Devices that send 1, 2, 3 ... at one QoS through one connection, each with the time it was
    made. Each sends its next number when the MQTT broker has accepted all devices' last ones: after
    a loss of the connection the client repeats what was not accepted, and would not keep the order
    of more."""

    def __init__(self, port, name, rate, qos, window_s):
        super().__init__(daemon=True, name=name)
        self.sent = {f"{name}-{i}": 0 for i in range(DEVICES_EACH)}
        self.windows = Counter()  # (device, begin of the window in s): readings
        self._pause, self._qos, self._window_s = DEVICES_EACH / rate, qos, window_s
        self._over = threading.Event()
        self._client = mqtt.Client(uuid.uuid4().hex, clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._accepted = set()  # packet ids
        self._client.on_publish = lambda _client, _data, mid: self._accepted.add(mid)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def run(self):
        due = time.monotonic()
        while not self._over.is_set():
            sent = {self._send(device) for device in self.sent}
            while not sent <= self._accepted:
                time.sleep(0.001)
            self._accepted -= sent
            due = max(due + self._pause, time.monotonic() - 1)
            time.sleep(max(0, due - time.monotonic()))

    def _send(self, device):
        self.sent[device] += 1
        now = datetime.now(timezone.utc)
        second = int(now.timestamp())
        self.windows[device, second - second % self._window_s] += 1
        reading = {"timestamp": f"{now:%Y-%m-%d %H:%M:%S.%f}", "device_name": device,
                   "seq": self.sent[device]}
        return self._client.publish(f"t/{self.name}/{device}", json.dumps(reading), self._qos).mid

    def finish(self):
        """{device: its last number}; the broker has accepted all."""
        self._over.set()
        self.join(ACCEPTED_S)
        assert not self.is_alive(), f"mosquitto has not accepted everything of {self.name}"
        self._client.disconnect()
        self._client.loop_stop()
        return self.sent


class Tally:
    """Counts numbers as they are read: what a device sent comes in order but for repeats."""

    def __init__(self):
        self.records = self.duplicates = self.marked = self.disordered = 0
        self.examples = []
        self._next = Counter()
        self._early = {}  # of devices whose numbers had a gap

    def add(self, device, number, marked):
        self.records += 1
        self.marked += marked
        early = self._early.setdefault(device, set())
        if number <= self._next[device] or number in early:
            self.duplicates += 1
        elif number == self._next[device] + 1:
            self._next[device] = number
            while self._next[device] + 1 in early:
                self._next[device] += 1
                early.remove(self._next[device])
        else:
            self.disordered += 1
            if not early:
                self.examples.append(f"{device}: {number} came before {self._next[device] + 1}")
            early.add(number)

    def missing(self, sent):
        """{device: how many of its numbers are not there}."""
        missing = {device: last - self._next[device] - len(self._early.get(device, ()))
                   for device, last in sent.items()}
        return {device: count for device, count in missing.items() if count}


class WindowCounts:
    """What the aggregator says each device's windows held: of a window the last revision counts."""

    def __init__(self):
        self.results = 0
        self._counts = {}  # (device, begin in s): (revision, count)

    def add(self, result, revision):
        self.results += 1
        key = result["device_name"], _second(result["window"]["start"])
        if key not in self._counts or revision > self._counts[key][0]:
            self._counts[key] = revision, result["n"]

    def compare(self, sent):
        """Sentences about what is not as `sent`, {(device, begin in s): readings}, has it."""
        wrong = [f"{device} sent {count} readings in the window {begin},"
                 f" its result says {self._counts.get((device, begin), (0, 'nothing'))[1]}"
                 for (device, begin), count in sorted(sent.items())
                 if self._counts.get((device, begin), (0, 0))[1] != count]
        return wrong + [f"{device} sent nothing in the window {begin}, its result says {count}"
                        for (device, begin), (_, count) in sorted(self._counts.items())
                        if (device, begin) not in sent]

    def total(self):
        return sum(count for _, count in self._counts.values())


def _second(text):
    return int(datetime.fromisoformat(text[:19]).replace(tzinfo=timezone.utc).timestamp())
