# SPDX-License-Identifier: Apache-2.0
"""The input of the recovery: readings of many devices, in the order of time."""

from datetime import datetime, timezone

BEGIN_S = int(datetime(2024, 10, 7, 12, tzinfo=timezone.utc).timestamp())


def produce_readings(producer, topic, devices, second, readings):
    """So many `readings` of each device in that second of event time since BEGIN_S."""
    for number in range(readings):
        at = _text(BEGIN_S + second + number / readings)
        for device in range(devices):
            # A number of its own for each reading, so that no mean is like another.
            data = (device * 7919 + second * 104_729 + number * 15_485_863) % 2_000_000 / 1000
            _send(producer, topic, f"device{device}", at, data)


def produce_reading(producer, topic, device, at_s, partition):
    _send(producer, topic, device, _text(at_s), 0.0, partition=partition)


def _text(at_s):
    return datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f")


def _send(producer, topic, device, at, data, **where):
    value = f'{{"timestamp":"{at}","device_name":"{device}","data":{data}}}'
    while True:
        try:
            return producer.produce(topic, value, device, **where)
        except BufferError:
            producer.poll(0.1)
