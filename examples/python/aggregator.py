#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The aggregator of the air-quality system in ninety lines of another language: event time, grace,
late records and dead letters, at least once, without a store.

    python3 aggregator.py BOOTSTRAP_SERVERS WINDOW_SECONDS GRACE_SECONDS
    python3 aggregator.py 127.0.0.1:9092 15 15

It reads the input from its beginning: in silence as far as the aggregator it replaces has come, or
it itself before, and aloud from there. So the log is its memory.
What it has to honour, and what it lacks of the original: docs/your-own-service.md.
"""

import json
import os
import struct
import sys
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, getcontext
from functools import reduce
from operator import add

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition

INPUT = "kafka-spark-integration-input"
ORIGIN = f"python-aggregator/{os.uname().nodename}-{os.getpid()}"
KAFKA = {"bootstrap.servers": sys.argv[1]}
WINDOW, GRACE = (timedelta(seconds=float(seconds)) for seconds in sys.argv[2:])
EPOCH, HOUR = datetime(1970, 1, 1, tzinfo=UTC), timedelta(hours=1)
getcontext().prec = 60  # digits enough for the largest 32-bit float and its decimals

producer = Producer(KAFKA | {"partitioner": "murmur2_random", "enable.idempotence": True})
windows, watermarks = {}, {}  # of each partition: its open windows, and how far its time has come


def iso(moment):
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def send(topic, key, value, theirs, /, **ours):
    """Queues a record with the original's headers and ours. An error ends the program."""
    named = [(f"weir-{name.replace('_', '-')}", str(text)) for name, text in ours.items()]
    producer.produce(f"kafka-spark-integration-{topic}", value, key, headers=theirs + named,
                     on_delivery=lambda error, _: error and sys.exit(str(error)))
    producer.poll(0)


def read(message):
    """Device, event time and value of a record; what it raises says why it has none."""
    record = json.loads(message.value(), parse_constant=int)  # int() refuses NaN and Infinity
    moment, number = datetime.fromisoformat(record["timestamp"]), record.get("data")
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not EPOCH <= moment <= EPOCH + timedelta(milliseconds=message.timestamp()[1]) + HOUR:
        raise ValueError(f"the time {moment} is before 1970 or an hour ahead of its production")
    if number is not None:
        number = struct.unpack("f", struct.pack("f", number))[0]
    return str(record["device_name"]), moment, number


def judge(message, aloud):
    """Gives a record its fate, and writes the results it leads to."""
    partition, offset = message.partition(), message.offset()
    original = message.key(), message.value(), message.headers() or []
    place = {"origin": ORIGIN, "topic": INPUT, "partition": partition, "offset": offset}
    opened, watermark = windows.setdefault(partition, {}), watermarks.get(partition, EPOCH)
    try:
        device, moment, number = read(message)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError,
            struct.error) as error:
        return aloud and send("dead-letter", *original, **place, stage="extract", error=repr(error))
    end = moment - (moment - EPOCH) % WINDOW + WINDOW
    if end <= watermark:
        late_by_ms = -((end - watermark) // timedelta(milliseconds=1))  # rounded up
        return aloud and send("late", *original, **place, window=f"{iso(end - WINDOW)}/{iso(end)}",
                              watermark=iso(watermark), late_by_ms=late_by_ms)
    opened.setdefault((end, device), []).append((offset, number))
    watermarks[partition] = max(watermark, moment - GRACE)
    for due in sorted(window for window in opened if window[0] <= watermarks[partition]):
        readings = opened.pop(due)
        if aloud:
            write_result(partition, *due, readings)


def write_result(partition, end, device, readings):
    """The mean of a window's readings, added up in the order of their arrival."""
    average, numbers = None, [number for _, number in readings if number is not None]
    if numbers:  # added one by one: sum() rounds otherwise from Python 3.12 on
        mean = Decimal(repr(reduce(add, numbers) / len(numbers)))
        average = float(mean.quantize(Decimal("0.001"), ROUND_HALF_UP))
    start, end = iso(end - WINDOW), iso(end)
    value = {"device_name": device, "window": {"start": start, "end": end}, "average": average}
    send("output", device, json.dumps(value, separators=(",", ":")), [], origin=ORIGIN,
         window=f"{start}/{end}", count=len(readings), final="true", revision=0,
         watermark=iso(watermarks[partition]),
         source=f"{INPUT}/{partition}:{readings[0][0]}-{readings[-1][0]}")


def positions(consumer, partitions):
    """How far a group has come: every record before that has its fate."""
    places = [TopicPartition(INPUT, partition) for partition in partitions]
    return {place.partition: max(place.offset, 0) for place in consumer.committed(places, 30)}


consumer, other = (Consumer(KAFKA | {"group.id": group, "enable.auto.commit": False})
                   for group in ("python-aggregator", "aggregator"))
partitions = list(consumer.list_topics(INPUT, 10).topics[INPUT].partitions)
ours, theirs = positions(consumer, partitions), positions(other, partitions)
decided = {partition: max(ours[partition], theirs[partition]) for partition in partitions}
other.close()
consumer.assign([TopicPartition(INPUT, partition, OFFSET_BEGINNING) for partition in partitions])
while True:
    for message in consumer.consume(1000, 1.0):
        if message.error():
            raise KafkaException(message.error())
        judge(message, message.offset() >= decided[message.partition()])
        decided[message.partition()] = max(decided[message.partition()], message.offset() + 1)
    producer.flush()  # the results first, then the position that stands for them
    consumer.commit(offsets=[TopicPartition(INPUT, *pair) for pair in decided.items()],
                    asynchronous=False)
