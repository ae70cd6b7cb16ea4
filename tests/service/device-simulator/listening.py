# SPDX-License-Identifier: Apache-2.0
"""The simulator of a test, and the independent client that listens to it."""

import threading
import time
import uuid
from collections import defaultdict

import paho.mqtt.client as mqtt
import pytest

PREFIX = "kafka-spark-integration"


class Ear:
    """Keeps what arrives, with the time and by device, at QoS 1 in a session that is kept."""

    def __init__(self, port):
        self.messages = []  # (seconds, device, payload)
        self._client = mqtt.Client(uuid.uuid4().hex, clean_session=False)
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_connect = lambda *_: self._client.subscribe(f"{PREFIX}/+", 2)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert subscribed.wait(10)

    def _on_message(self, _client, _data, message):
        device = message.topic.removeprefix(f"{PREFIX}/")
        self.messages.append((time.monotonic(), device, message.payload.decode()))

    def by_device(self):
        devices = defaultdict(list)
        for _, device, payload in list(self.messages):
            devices[device].append(payload)
        return devices

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def ear(mosquitto):
    ear = Ear(mosquitto.port)
    yield ear
    ear.close()


@pytest.fixture
def simulator(service, mosquitto):
    def start(options=None, **rest):
        return service("device-simulator", {"mqtt": mosquitto.url, **(options or {})}, **rest)
    return start
