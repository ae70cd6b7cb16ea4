# SPDX-License-Identifier: Apache-2.0
"""What the aggregator must have written, worked out from the raw input topic alone.

Written from the rules of docs/topics.md and not from the aggregator's code: all records are kept,
every window is looked at as a whole, and the digits come from Python's decimal module.
"""

import json
import struct
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

# What a broker that has just started answers about groups.
MOVING = (KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE,
          KafkaError.COORDINATOR_LOAD_IN_PROGRESS)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Record:
    """One record of a topic."""

    partition: int
    offset: int
    key: str
    value: bytes
    headers: dict

    def json(self):
        return json.loads(self.value)


def messages(bootstrap_servers, topic, isolation="read_committed"):
    """Yields every message of a topic up to the end it has now; within a partition in order.

    A partition that is written to all the time never says that it is at its end, hence the
    offsets asked for first. A commit marker may be the last thing in it: then the end is said.
    """
    consumer = Consumer({
        "bootstrap.servers": bootstrap_servers, "group.id": "oracle", "enable.auto.commit": False,
        "auto.offset.reset": "earliest", "enable.partition.eof": True,
        "isolation.level": isolation,
    })
    try:
        partitions = _partitions(consumer, topic)
        for partition in partitions:
            partition.offset = 0
        ends = {p.partition: consumer.get_watermark_offsets(p, timeout=10)[1] for p in partitions}
        consumer.assign(partitions)
        reading = {partition for partition, end in ends.items() if end > 0}
        while reading:
            batch = consumer.consume(10_000, 0.1) or consumer.consume(1, 10)
            assert batch, f"reading {topic} stood still"
            for message in batch:
                partition = message.partition()
                if message.error() is None:
                    if message.offset() < ends[partition]:
                        yield message
                    if message.offset() >= ends[partition] - 1:
                        reading.discard(partition)
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    reading.discard(partition)
                else:
                    raise AssertionError(str(message.error()))
    finally:
        consumer.close()


def read_topic(bootstrap_servers, topic, isolation="read_committed"):
    """Every record of a topic up to the end it has now, by partition and offset."""
    records = map(record_of, messages(bootstrap_servers, topic, isolation))
    return sorted(records, key=lambda r: (r.partition, r.offset))


def committed(bootstrap_servers, group, topic):
    """{partition: offset} of a group; {} while its coordinator is on the move. Errors:
    KafkaException, also where a transaction holds an offset back."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": group})
    try:
        return {p.partition: p.offset
                for p in consumer.committed(_partitions(consumer, topic), 10)}
    except KafkaException as error:
        if error.args[0].code() not in MOVING:
            raise
        return {}
    finally:
        consumer.close()


def ends(bootstrap_servers, topic):
    """{partition: offset of its end}."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "ends"})
    try:
        return {p.partition: consumer.get_watermark_offsets(p, 10)[1]
                for p in _partitions(consumer, topic)}
    finally:
        consumer.close()


def _partitions(consumer, topic):
    found = consumer.list_topics(topic, 10).topics[topic].partitions
    return [TopicPartition(topic, partition) for partition in found]


def record_of(message):
    key = message.key()
    headers = {name: value.decode() for name, value in message.headers() or []}
    return Record(message.partition(), message.offset(), key.decode() if key else None,
                  message.value(), headers)


def event_time(value):
    """The event time in microseconds since 1970."""
    moment = datetime.fromisoformat(value["timestamp"].replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - EPOCH) // timedelta(microseconds=1)


def float32(number):
    return struct.unpack("f", struct.pack("f", number))[0]


def mean(numbers):
    """Added one by one: Python's own sum() corrects its rounding from version 3.12 on."""
    total = 0.0
    for number in numbers:
        total += number
    return total / len(numbers)


def rounded(number, decimals=3):
    """Half up on the shortest decimal form, as the contract says."""
    quantum = Decimal(1).scaleb(-decimals)
    return float(Decimal(repr(number)).quantize(quantum, ROUND_HALF_UP))


def iso(micros):
    moment = EPOCH + timedelta(microseconds=micros)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass
class Expectation:
    """What the input leads to: the mean of every window, and where the late and the dead are."""

    averages: dict  # (device, start, end) -> the mean
    closed: set     # those of these windows that the watermark has passed
    late: set       # (partition, offset)
    dead: set       # the same; of what can be wrong with a record, `data` that is no number


def expected(records, window_s, grace_s):
    """Folds the input by the rules, as far as records close windows: where the wall clock closed
    one before its last records came, the difference shows."""
    size, grace = int(window_s * 1_000_000), int(grace_s * 1_000_000)
    watermarks, late, dead = {}, set(), set()
    values, partitions = defaultdict(list), {}
    for record in sorted(records, key=lambda r: (r.partition, r.offset)):
        value = record.json()
        if not isinstance(value["data"], (int, float)):
            dead.add((record.partition, record.offset))
            continue
        time = event_time(value)
        watermark = watermarks.get(record.partition, -(1 << 62))
        start = time - time % size
        if start + size <= watermark:
            late.add((record.partition, record.offset))
        else:
            window = value["device_name"], start, start + size
            values[window].append(float32(value["data"]))
            partitions[window] = record.partition
        watermarks[record.partition] = max(watermark, time - grace)
    averages = {named(window): rounded(mean(numbers)) for window, numbers in values.items()}
    closed = {named(window) for window, partition in partitions.items()
              if window[2] <= watermarks[partition]}
    return Expectation(averages, closed, late, dead)


def named(window):
    device, start, end = window
    return device, iso(start), iso(end)


def results(records, repeated=False):
    """Result records as {(device, start, end): average}. The same window twice is an error; with
    `repeated`, the same window with another mean."""
    found = {}
    for record in records:
        value = record.json()
        key = value["device_name"], value["window"]["start"], value["window"]["end"]
        assert key not in found or repeated, f"the window {key} was written twice"
        assert found.setdefault(key, value["average"]) == value["average"], f"{key} has two means"
    return found
