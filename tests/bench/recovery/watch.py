# SPDX-License-Identifier: Apache-2.0
"""Who owns which partition, and when results can be read."""

import struct
import threading
import time
from bisect import bisect_left, bisect_right

from confluent_kafka import Consumer, KafkaException, TopicPartition
from oracle import MOVING


def longest_gap(times, begin, end):
    """The longest time between two neighbours of the ascending `times`, in seconds, that lies in
    part between `begin` and `end`. What lasts at `end` counts as far as it has gone."""
    first = max(bisect_right(times, begin) - 1, 0)
    inside = [*times[first:bisect_right(times, end)], end]
    return max((later - earlier for earlier, later in zip(inside, inside[1:])), default=0.0)


def first_after_silence(times, begin, silence):
    """The first of the ascending `times` after `begin` that is at least `silence` seconds from the
    one before it; None while there is none."""
    for place in range(bisect_right(times, begin), len(times)):
        if place > 0 and times[place] - times[place - 1] >= silence:
            return times[place]
    return None


class Watcher:
    """Notes when results become readable, as a consumer with read_committed sees them.

    Threads: one of its own, from start() to stop(); the others read what it has noted."""

    def __init__(self, servers, topic, partitions):
        self.times = {partition: [] for partition in range(partitions)}  # time.monotonic()
        self.count = 0
        self._consumer = Consumer({
            "bootstrap.servers": servers, "group.id": "watcher", "enable.auto.commit": False,
            "isolation.level": "read_committed", "fetch.wait.max.ms": 20})
        self._consumer.assign([TopicPartition(topic, partition, 0)
                               for partition in self.times])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self):
        self._thread.start()
        return self

    def _watch(self):
        while not self._stop.is_set():
            batch = self._consumer.consume(5_000, 0.01)
            now = time.monotonic()
            for partition in {message.partition() for message in batch if not message.error()}:
                self.times[partition].append(now)
            self.count += sum(message.error() is None for message in batch)

    def stop(self):
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def first_since(self, moment):
        """When the last of the partitions gave its first result since then; None before."""
        firsts = []
        for times in self.times.values():
            place = bisect_left(times, moment)
            if place == len(times):
                return None
            firsts.append(times[place])
        return max(firsts)

    def last(self):
        return max((times[-1] for times in self.times.values() if times), default=0.0)


def owners(admin, group):
    """(state, {client.id: partitions}) of a group of the classic protocol; no state while its
    coordinator is on the move."""
    try:
        found = admin.list_groups(group, timeout=10)
    except KafkaException as error:
        if error.args[0].code() not in MOVING:
            raise
        return None, {}
    if not found:
        return "Dead", {}
    return found[0].state, {member.client_id: assigned(member.assignment)
                            for member in found[0].members}


def assigned(assignment):
    """The partitions in what the group's leader has dealt out to a member (the assignment of the
    consumer protocol: version, then topics with their partitions)."""
    if not assignment:
        return set()
    (topics,), place, partitions = struct.unpack_from(">i", assignment, 2), 6, set()
    for _ in range(topics):
        (length,) = struct.unpack_from(">h", assignment, place)
        (count,) = struct.unpack_from(">i", assignment, place + 2 + length)
        place += 6 + length
        partitions.update(struct.unpack_from(f">{count}i", assignment, place))
        place += 4 * count
    return partitions
