# SPDX-License-Identifier: Apache-2.0
"""An aggregator's topics and options, the readings it gets, and what it must write, which
tests/system/oracle.py works out; and fixtures for tests that have an aggregator at work."""

import json
import random
from datetime import datetime, timedelta

import oracle
import pytest
from confluent_kafka import Producer

START = datetime(2024, 10, 7, 12, 0, 0)

# In the order Bench takes their names.
TOPICS = ("input", "output", "partial", "late", "dead")


def reading(device, seconds, data):
    """A record as the bridge writes it, `seconds` after noon: (key, value)."""
    time = START + timedelta(seconds=seconds)
    value = {"timestamp": time.isoformat(" "), "device_name": device, "data": data}
    return device, json.dumps(value, separators=(",", ":"))


def random_readings(count, seed, devices=20, late=0.01, broken=0.005):
    """A stream with all that goes wrong: 100 readings in a second of event time, 2 s of disorder,
    some half a minute late or more, some that are no readings."""
    dice = random.Random(seed)
    for i in range(count):
        seconds = i / 100 + dice.uniform(-2, 0) + 3
        if dice.random() < late:
            seconds = max(0.0, seconds - dice.uniform(20, 60))
        device = f"device{dice.randrange(devices)}"
        if dice.random() < broken:
            yield device, '{"broken'
        else:
            yield reading(device, round(seconds, 6), round(dice.uniform(0, 999), 2))


def is_broken(record):
    return record.value == b'{"broken'


class Bench:
    """The topics of one test, and the aggregator's options for them."""

    def __init__(self, servers, names, group):
        self.servers = servers
        self.input, self.output, self.partial, self.late, self.dead = names
        self.group = group
        self.options = {
            "bootstrap-servers": servers, "group": group, "input": self.input,
            "output": self.output, "late": self.late, "dead-letter": self.dead,
            "key": "device_name", "time": "timestamp", "round": 3,
            "aggregate": "average=mean(data:float32)", "idle": "1s",
        }
        # After an outage it is there again at once. Left to itself it would wait for up to ten
        # seconds, which is silence to an aggregator that was quicker.
        self._producer = Producer({"bootstrap.servers": servers, "linger.ms": 5,
                                   "reconnect.backoff.max.ms": 200,
                                   "partitioner": "murmur2_random"})

    def produce(self, readings, **more):
        """Writes (key, value) pairs, in order, and waits until they are in the log."""
        failed = []
        for key, value in readings:
            self._producer.produce(self.input, key=key, value=value, **more,
                                   on_delivery=lambda error, _: failed.append(error) if error
                                   else None)
            self._producer.poll(0)
        self._producer.flush(30)
        assert not failed, failed[0]

    def copy(self, records, topic):
        """Writes records as they are, each to its partition, in order."""
        # Idempotent: without that what is sent again, to a topic just made, comes behind the rest.
        producer = Producer({"bootstrap.servers": self.servers, "enable.idempotence": True})
        for record in records:
            producer.produce(topic, key=record.key, value=record.value, partition=record.partition,
                             headers=list(record.headers.items()))
        assert producer.flush(10) == 0

    def read(self, topic, isolation="read_committed"):
        return oracle.read_topic(self.servers, topic, isolation)

    def expected(self, window_s=15, grace_s=15, **more):
        records = [r for r in self.read(self.input) if not is_broken(r)]
        return oracle.expected(records, window_s, grace_s, **more)

    def committed(self):
        """{partition: offset} of the group; {} while its coordinator is on the move."""
        return oracle.committed(self.servers, self.group, self.input)

    def ends(self):
        """{partition: offset of its end}."""
        return oracle.ends(self.servers, self.input)

    def assert_exact(self):
        """Every result, late record and dead letter is there once and as the oracle says."""
        expected = self.expected()
        found = oracle.results(self.read(self.output))
        missing = expected.averages.keys() - found.keys()
        extra = found.keys() - expected.averages.keys()
        assert not missing, f"missing {len(missing)}: {sorted(missing)[:5]}"
        assert not extra, f"unexpected {len(extra)}: {sorted(extra)[:5]}"
        wrong = {k: (found[k], v) for k, v in expected.averages.items() if found[k] != v}
        assert not wrong, f"wrong (found, expected): {list(wrong.items())[:5]}"
        late = places(self.read(self.late))
        assert len(late) == len(set(late)) and set(late) == expected.late
        dead = places(self.read(self.dead))
        broken = {(r.partition, r.offset) for r in self.read(self.input) if is_broken(r)}
        assert len(dead) == len(set(dead)) and set(dead) == broken


def places(records):
    """Where the originals of late records and dead letters are."""
    return [(int(r.headers["weir-partition"]), int(r.headers["weir-offset"])) for r in records]


@pytest.fixture
def bench(kafka, topic, unique):
    """bench(partitions=4) creates the topics."""
    def create(partitions=4):
        names = [topic(name, partitions=partitions) for name in TOPICS]
        return Bench(kafka.bootstrap_servers, names, unique("group"))
    return create


@pytest.fixture
def wait_done(wait_until):
    """wait_done(bench) waits until everything is committed and every window has come out."""
    def wait(bench, timeout=60):
        ends = bench.ends()
        wait_until(lambda: bench.committed() == ends, "commit of the whole input", timeout, 0.1)
        count = len(bench.expected().averages)
        wait_until(lambda: len(bench.read(bench.output)) >= count, f"{count} results", timeout, 0.1)
    return wait
