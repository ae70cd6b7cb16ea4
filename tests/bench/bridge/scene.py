# SPDX-License-Identifier: Apache-2.0
"""One contender at work between a mosquitto and a Kafka."""

import json
import time
import uuid

from confluent_kafka import Consumer, KafkaException, TopicPartition
from contenders import HERE, PYTHON
from rates import cpu
from support import create_topic, wait_until
from weir_local import Kafka, Mosquitto, Process

PARTITIONS = 4
# How long all messages may take: the slowest, with a million, on a busy machine.
PATIENCE_S = 600.0
# The queue holds a whole backlog; the saving of a million messages would fall into some rounds and
# not into others.
QUEUE = """max_queued_messages 2000000
max_queued_bytes 2147483648
autosave_interval 86400
"""


class Scene:
    """Lifetime: kill() ends everything. Threads: the main one (see weir_local.Process)."""

    def __init__(self, folder):
        self.folder = folder
        self.kafka = Kafka(folder, heap="1g").start().wait_ready()
        self.servers = self.kafka.bootstrap_servers
        create_topic(self.servers, "dead")
        self.mosquitto = self._load = self._worker = None

    def begin(self, contender, count):
        """A mosquitto without a past and a topic of its own; the contender is ready."""
        self.topic = f"{contender.name}-{uuid.uuid4().hex[:8]}"
        create_topic(self.servers, self.topic, PARTITIONS)
        self.mosquitto = Mosquitto(self.folder, extra=QUEUE, name=f"mosquitto-{self.topic}")
        self.mosquitto.start().wait_ready()
        self._contender, self._count = contender, count
        self._worker = contender.process(self, self.topic, count)
        self._watch = Topic(self.servers, self.topic)
        return self._worker.start().wait_ready()

    def publish(self, rate):
        """Begins to publish."""
        self._load = Process("load", [PYTHON, HERE / "load.py", self.mosquitto.port, self._count,
                                      rate], self.folder).start()

    @property
    def publishing(self):
        return self._load.running

    def published(self):
        """The publisher's report, when the MQTT broker has everything."""
        wait_until(lambda: not self._load.running, "end of the publisher", PATIENCE_S)
        assert self._load.exit_code == 0, self._load.log_tail()
        return json.loads(self._load.log_text())

    def arrived(self):
        """How many there are, as far as the contender says: a counter speaks at the last only."""
        if self._contender.writes:
            return self._watch.records()
        return self._count if f"counted {self._count}\n" in self._worker.log_text() else 0

    def wait_arrived(self):
        """When the last one was there."""
        def all_there():
            assert self._worker.running, self._worker.log_tail()
            return self.arrived() >= self._count
        wait_until(all_there, f"{self._count} messages of {self._contender.name}", PATIENCE_S)
        return time.monotonic()

    def reader(self):
        """Reads what the contender writes, from now on."""
        return self._watch.read()

    def costs(self):
        """CPU seconds so far of contender, MQTT broker and Kafka."""
        return [cpu(process) for process in (self._worker, self.mosquitto, self.kafka.nodes[0])]

    def end(self):
        """{missing, twice} of what the contender wrote; nothing of a counter."""
        self._worker.stop()
        self.mosquitto.kill()
        judged = self._watch.judge(self._count) if self._contender.writes else {}
        self._watch.close()
        return judged

    def kill(self):
        for process in (self._load, self._worker, self.mosquitto, self.kafka):
            if process:
                process.kill()


class Topic:
    """What is in a topic, which nobody else writes to."""

    def __init__(self, servers, name):
        self._consumer = Consumer({"bootstrap.servers": servers, "group.id": uuid.uuid4().hex,
                                   "enable.auto.commit": False, "fetch.wait.max.ms": 10,
                                   "log_level": 2})  # Kafka goes away on purpose
        self._partitions = [TopicPartition(name, p, 0) for p in range(PARTITIONS)]

    def records(self):
        """How many; 0 while Kafka is away."""
        try:
            return sum(self._consumer.get_watermark_offsets(p, timeout=5)[1]
                       for p in self._partitions)
        except KafkaException:
            return 0

    def read(self):
        """Begins to read; then next() gives one message after another."""
        self._consumer.assign(self._partitions)
        return self

    def next(self, wait):
        message = self._consumer.poll(wait)
        return None if message is None or message.error() else message.value()

    def judge(self, count):
        """How many of the numbers 0 to `count` are missing, and how many records are repeats."""
        self.read()
        seen, read, end = bytearray(count), 0, self.records()
        while read < end:
            for message in self._consumer.consume(10_000, 1.0):
                if not message.error():
                    seen[number_of(message.value())] = 1
                    read += 1
        there = sum(seen)
        return {"missing": count - there, "twice": read - there}

    def close(self):
        self._consumer.close()


def number_of(value):
    return int(value[value.index(b'"data":') + 7:value.index(b',"sent_ns"')])


def sent_ns_of(value):
    return int(value[value.index(b'"sent_ns":') + 10:-1])
