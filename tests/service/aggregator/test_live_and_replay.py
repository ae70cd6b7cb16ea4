# SPDX-License-Identifier: Apache-2.0
"""Goal: what was said live is what any replay says, to the last byte, and live the last window does
not wait. Method: readings of now, at the pace of the clock, with a pause in which the clock closes
windows; then the whole topic at full speed, by another group and by bounded runs over the topic and
over files made of it."""

import json
import random
import threading
import time

import oracle
import pytest
from confluent_kafka import Consumer, TopicPartition
from weir_local.service import flags

KINDS = {
    "tumbling": {"window": "1s"},
    "hopping": {"window": "2s", "every": "500ms"},
    "session": {"session-gap": "200ms"},
}
GRACE_S = IDLE_S = 0.5
WINDOWS_OF_A_READING = {"tumbling": 1, "hopping": 4, "session": 1}
DEVICES = [f"device{number}" for number in range(6)]
PARTITIONS = 3


def told(record):
    """All that a record says but who wrote it."""
    headers = {k: v for k, v in record.headers.items() if k != "weir-origin"}
    return record.key, record.value, tuple(sorted(headers.items()))


def but_watermark(record):
    key, value, headers = told(record)
    return key, value, tuple(pair for pair in headers if pair[0] != "weir-watermark")


def by_partition(records, form=told):
    found = {}
    for record in records:
        found.setdefault(record.partition, []).append(form(record))
    return found


def live_readings(bench, seconds, dice):
    """A reading of each device every 100 ms, up to 300 ms old when it comes; how many."""
    until, count = time.time() + seconds, 0
    while time.time() < until:
        now = time.time()
        bench.produce(
            (device, json.dumps({"timestamp": oracle.iso(int((now - dice.uniform(0, 0.3)) * 1e6)),
                                 "device_name": device, "data": round(dice.uniform(0, 999), 2)}))
            for device in DEVICES)
        count += len(DEVICES)
        time.sleep(max(0.0, now + 0.1 - time.time()))
    return count


class Reader:
    """Notes what a client with read_committed gets of a topic, and when, from its beginning on.

    Threads: one of its own, from the start to stop(); the others look at what it has noted."""

    def __init__(self, servers, topic):
        self.rows = []
        self.last_at = 0.0  # seconds since 1970
        self._consumer = Consumer({"bootstrap.servers": servers, "group.id": "reader",
                                   "isolation.level": "read_committed", "fetch.wait.max.ms": 20})
        self._consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._stop.is_set():
            got = [m for m in self._consumer.consume(1_000, 0.02) if m.error() is None]
            if got:
                self.last_at = time.time()
                self.rows += map(oracle.record_of, got)

    def stop(self):
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def readings(self):
        """In how many windows readings are, all windows together."""
        return sum(int(row.headers["weir-count"]) for row in self.rows)

    def last_end(self):
        return max(oracle.event_time({"timestamp": row.headers["weir-window"].split("/")[1]})
                   for row in self.rows) / 1e6


@pytest.fixture
def live(bench, topic, service, wait_until):
    """{kind: its aggregator's options} of live runs over the same readings that are over, and the
    bench with these readings. Nothing of them was late, and the last windows did not wait."""
    b = bench(partitions=PARTITIONS)
    runs, aggregators, readers = {}, [], {}
    for kind, windows in KINDS.items():
        runs[kind] = {**b.options, **windows, **outlets(topic, kind), "group": f"{b.group}-{kind}",
                      "grace": f"{GRACE_S}s", "idle": f"{IDLE_S}s",
                      "aggregate": ["mean=mean(data)", "n=count()", "last=last(data)"]}
        aggregators.append(service("aggregator", runs[kind], name=f"live-{kind}"))
        readers[kind] = Reader(b.servers, runs[kind]["output"])
    dice, count = random.Random(20241127), 0
    for _ in range(2):
        count += live_readings(b, 3, dice)
        for kind, reader in readers.items():
            wait_until(lambda: reader.readings() == WINDOWS_OF_A_READING[kind] * count,
                       f"the last window, {kind}", 10)
            assert reader.last_at - (reader.last_end() + GRACE_S + IDLE_S) < 1.0, kind
    for reader in readers.values():
        reader.stop()
    for aggregator in aggregators:
        assert aggregator.stop() == 0
    return b, runs


def outlets(topic, name):
    """Topics of their own for what an aggregator writes."""
    return {option: topic(f"{name}-{option}", partitions=PARTITIONS)
            for option in ("output", "late", "dead-letter")}


@pytest.mark.alone
def test_a_replay_says_what_was_said_live(live, topic, service, job, wait_until, run_dir):
    b, runs = live
    for kind, options in runs.items():
        said = b.read(options["output"])
        assert by_partition(said).keys() == set(range(PARTITIONS)) and len(said) > 20, kind
        nothing_aside(b, options)

        again = {**options, **outlets(topic, f"replay-{kind}"), "group": f"{b.group}-{kind}-again"}
        replay = service("aggregator", again, name=f"replay-{kind}")
        wait_until(lambda: len(b.read(again["output"])) >= len(said),
                   f"the replay, {kind}", 30, 0.1)
        assert replay.stop() == 0
        assert_same(b.read(again["output"]), said)
        nothing_aside(b, again)

        bounded = {**options, **outlets(topic, f"job-{kind}"), "idle": None, "admin": "off"}
        done = job("aggregator", flags({**bounded, "until": "end"}))
        assert done.exit_code == 0, done.log_text()
        assert_same(b.read(bounded["output"]), said)
        nothing_aside(b, bounded)

        plain = {k: v for k, v in bounded.items() if k not in
                 ("bootstrap-servers", "group", "input", "output", "late", "dead-letter")}
        for partition in range(PARTITIONS):
            exported, results = (run_dir / f"{kind}-{partition}{end}"
                                 for end in (".jsonl", "-results.jsonl"))
            exported.write_bytes(b"".join(r.value + b"\n" for r in b.read(b.input)
                                          if r.partition == partition))
            done = job("aggregator", flags({**plain, "file": exported, "results": results}))
            assert done.exit_code == 0, done.log_text()
            assert results.read_bytes().splitlines() == [r.value for r in said
                                                         if r.partition == partition], kind


def nothing_aside(bench, options):
    assert bench.read(options["late"]) == bench.read(options["dead-letter"]) == []


def assert_same(found, said):
    """Byte for byte, but for one header of the rows before the pause: the clock closed them live,
    and a reading from after it does now."""
    assert by_partition(found, but_watermark) == by_partition(said, but_watermark)
    others = [(one, other) for one, other in zip(found, said) if told(one) != told(other)]
    for _, live_row in others:
        end = live_row.headers["weir-window"].split("/")[1]
        assert live_row.headers["weir-watermark"] == end, "the clock closed it"
    assert 0 < len(others) < len(said) / 2
