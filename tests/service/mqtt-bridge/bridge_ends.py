# SPDX-License-Identifier: Apache-2.0
"""Both ends of the bridge: numbered messages into MQTT, and what came of them in Kafka."""

import json
import threading
import time
import uuid

import paho.mqtt.client as mqtt
from confluent_kafka import Consumer, TopicPartition
from support import wait_until


class Record:
    def __init__(self, message, text=True):
        self.key = message.key().decode() if text else message.key()
        self.bytes = message.value()
        self.timestamp_ms = message.timestamp()[1]
        self.headers = {name: value.decode() for name, value in message.headers() or []}

    @property
    def value(self):
        return json.loads(self.bytes)


class TopicReader:
    """Reads a topic from its beginning, across broker restarts. Keys that may be anything but text
    stay bytes with text=False."""

    def __init__(self, bootstrap_servers, topic, text=True):
        self.records = []
        self._text = text
        self._consumer = Consumer({"bootstrap.servers": bootstrap_servers,
                                   "group.id": uuid.uuid4().hex, "enable.auto.commit": False})
        partitions = self._consumer.list_topics(topic, timeout=10).topics[topic].partitions
        self._consumer.assign([TopicPartition(topic, p, 0) for p in partitions])

    def poll(self):
        for message in self._consumer.consume(10_000, timeout=0.1):
            if not message.error():
                self.records.append(Record(message, self._text))
        return self.records

    def wait(self, count, timeout=60.0):
        wait_until(lambda: len(self.poll()) >= count, f"{count} records", timeout)
        return self.records

    def wait_numbers(self, expected, timeout=60.0):
        """Until each device has all numbers from 1 to the one of `expected` at least once."""
        def complete():
            if len(self.poll()) < sum(expected.values()):
                return False
            found = numbers_by_device(self.records)
            return all(set(range(1, last + 1)) <= set(found.get(device, ()))
                       for device, last in expected.items())
        wait_until(complete, f"all numbers of {expected}", timeout, interval=0.2)
        return self.records


def numbers_by_device(records):
    found = {}
    for record in records:
        found.setdefault(record.key, []).append(record.value["data"])
    return found


def numbers(records, device):
    return numbers_by_device(records).get(device, [])


def check_order(records, expected):
    """Each device's numbers are all there, and first came in their order."""
    found = numbers_by_device(records)
    for device, last in expected.items():
        assert list(dict.fromkeys(found.get(device, ()))) == list(range(1, last + 1)), device


def duplicates(records, expected):
    return len(records) - sum(expected.values())


class Publisher(threading.Thread):
    """Publishes 1, 2, 3 ... for each device at QoS 1 or 2 and counts what the broker accepted."""

    def __init__(self, port, prefix, devices, rate, qos=1):
        super().__init__(daemon=True)
        self.sent = dict.fromkeys(devices, 0)
        self._prefix = prefix
        self._pause = 1 / rate
        self._qos = qos
        self._end = threading.Event()
        self._client = mqtt.Client(uuid.uuid4().hex, clean_session=False)
        self._client.max_inflight_messages_set(500)
        self._client.max_queued_messages_set(0)
        self._client.reconnect_delay_set(1, 1)
        self._accepted = 0
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_publish(self, *_):
        self._accepted += 1

    def run(self):
        due = time.monotonic()
        while not self._end.is_set():
            for device in self.sent:
                self.sent[device] += 1
                self._client.publish(f"{self._prefix}/{device}", str(self.sent[device]), self._qos)
                due += self._pause
            time.sleep(max(0, due - time.monotonic()))
        wait_until(lambda: self._accepted == sum(self.sent.values()), "answers of the MQTT broker")
        self._client.disconnect()
        self._client.loop_stop()

    def finish(self):
        """Ends it and returns the last number of each device; the broker has accepted all."""
        self._end.set()
        self.join(60)
        assert not self.is_alive(), "the MQTT broker has not accepted everything"
        return self.sent


def publish(port, messages, qos=1, retain=False):
    """Publishes (topic, payload) pairs and returns when the broker has them all."""
    client = mqtt.Client(uuid.uuid4().hex)
    client.connect("127.0.0.1", port)
    client.loop_start()
    pending = [client.publish(topic, payload, qos, retain) for topic, payload in messages]
    wait_until(lambda: all(p.is_published() for p in pending), "answers of the MQTT broker")
    client.disconnect()
    client.loop_stop()
