# SPDX-License-Identifier: Apache-2.0
"""Goal: who falls silent is missed once and welcomed back once, whatever is killed and moved, and
old readings raise no alarm. Method: a fleet that sends now, on real Kafka; devices fall silent
while the aggregator is killed at random moments with a printed seed; the status topic is compared
with what the input log has."""

import json
import random
import signal
import threading
import time
from collections import defaultdict
from datetime import datetime, timedelta, timezone

import pytest
from aggregator_bench import random_readings
from support import create_topic

SEED = 20241127
EXPECT = timedelta(seconds=2)


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def reading(device, time_):
    value = {"timestamp": time_.isoformat(), "device_name": device, "data": 1.5}
    return device, json.dumps(value, separators=(",", ":"))


class Fleet(threading.Thread):
    """Devices that send now, ten times a second, but for those in `silent`."""

    def __init__(self, bench, devices):
        super().__init__(daemon=True)
        self._bench, self._devices = bench, devices
        self.silent = set()
        self._over = threading.Event()

    def run(self):
        while not self._over.wait(0.1):
            now = datetime.now(timezone.utc)
            silent = set(self.silent)
            self._bench.produce(reading(d, now) for d in self._devices if d not in silent)

    def stop(self):
        self._over.set()
        self.join()


@pytest.fixture
def bench(quick_bench, unique):
    """Small windows, so that a silent device's last reading is soon not read again."""
    def create(partitions=3, **config):
        b = quick_bench(partitions)
        b.status = unique("status")
        create_topic(b.servers, b.status, partitions, cleanup_policy="compact", **config)
        b.options |= {"status": b.status, "expect-every": "2s", "window": "500ms",
                      "grace": "200ms", "idle": "500ms", "commit-linger": "10ms"}
        return b
    return create


@pytest.fixture
def fleet():
    started = []

    def start(bench, devices):
        started.append(Fleet(bench, devices))
        started[-1].start()
        return started[-1]
    yield start
    for each in started:
        each.stop()


def told(bench):
    """{device: its changes in order, as values}; the notes in between are left out."""
    changes = defaultdict(list)
    for record in bench.read(bench.status):
        value = record.json()
        assert record.key == value["device_name"]
        topic, rest = record.headers["weir-source"].rsplit("/", 1)
        assert topic == bench.input and int(rest.split(":")[0]) == record.partition
        assert record.headers["weir-origin"].startswith("aggregator/")
        if value["status"] != "present" or not changes[record.key]:
            changes[record.key].append(value)
    return changes


def statuses(bench, device):
    return [value["status"] for value in told(bench)[device]]


def assert_true(bench):
    """Each change says what the input has: the last reading before a silence, and one after it:
    the first that was read within the time a key may be silent, which a killed aggregator may not
    have managed with the very first."""
    times = defaultdict(list)
    for record in bench.read(bench.input):
        times[record.key].append(moment(record.json()["timestamp"]))
    for device, changes in told(bench).items():
        for before, change in zip(changes, changes[1:]):
            last = moment(change["last"])
            assert last in times[device]
            later = min((t for t in times[device] if t > last), default=None)
            if change["status"] == "missing":
                assert moment(change["since"]) == last + EXPECT
                assert later is None or later - last >= EXPECT
            else:
                assert before["status"] == "missing"
                gone = moment(before["last"])
                assert last >= min(t for t in times[device] if t > gone)
                assert change["away_ms"] == (last - gone) // timedelta(milliseconds=1)


def test_missing_and_back_while_the_aggregator_is_killed(bench, service, fleet, wait_until):
    print(f"seed {SEED}")
    b, dice = bench(), random.Random(SEED)
    devices = [f"device{i}" for i in range(6)]
    aggregator = service("aggregator", b.options)
    crowd = fleet(b, devices)
    wait_until(lambda: len(told(b)) == 6, "everybody is known")

    def kill():
        aggregator.kill()
        time.sleep(dice.uniform(0, 0.3))
        aggregator.start().wait_ready()
    for count in range(1, 4):
        crowd.silent = {"device1", "device4"}
        for _ in range(3):  # while nobody knows yet, and while it is being told
            time.sleep(dice.uniform(0, 1))
            kill()
        for device in crowd.silent:
            wait_until(lambda: statuses(b, device).count("missing") == count, f"{device} missed")
        kill()
        aggregator.kill()
        crowd.silent = set()
        time.sleep(dice.uniform(0, 0.5))
        aggregator.start().wait_ready()
        kill()
        for device in ("device1", "device4"):
            wait_until(lambda: statuses(b, device).count("back") == count, f"{device} is back")
    crowd.stop()
    changes = 3 * ["missing", "back"]
    for device in devices:
        wait_until(lambda: statuses(b, device)[-1] == "missing", "the end of all")
        quiet = device not in ("device1", "device4")
        assert statuses(b, device) == ["present", *([] if quiet else changes), "missing"]
    assert_true(b)
    metrics = aggregator.metrics()
    assert metrics["weir_expected_keys"] == metrics["weir_missing_keys"] == 6


def test_an_owner_that_dies_just_after_a_silence_began_leaves_its_end_to_the_next(
        bench, service, fleet, wait_until):
    """The silent device's window has closed long before, and its last reading is not read again:
    only the note of it is left."""
    b = bench(partitions=1)
    b.options["expect-every"] = "4s"
    aggregator = service("aggregator", b.options)
    crowd = fleet(b, ["a", "b"])
    wait_until(lambda: len(told(b)) == 2, "both are known")
    time.sleep(1)
    crowd.silent = {"a"}
    last = max(r.json()["timestamp"] for r in b.read(b.input) if r.key == "a")
    wait_until(lambda: [r for r in b.read(b.status) if r.json()["status"] == "present"
                        and moment(r.json()["last"]) >= moment(last)], "the note")
    aggregator.kill()
    aggregator.start().wait_ready()
    wait_until(lambda: statuses(b, "a") == ["present", "missing"], "the alarm")
    said = told(b)["a"][-1]
    latest = max(moment(r.json()["timestamp"]) for r in b.read(b.input) if r.key == "a")
    assert moment(said["last"]) == latest
    assert moment(said["since"]) == latest + timedelta(seconds=4)
    assert statuses(b, "b") == ["present"]


def test_two_replicas_share_the_watch(bench, service, fleet, wait_until):
    print(f"seed {SEED + 1}")
    b, dice = bench(partitions=4), random.Random(SEED + 1)
    devices = [f"device{i}" for i in range(12)]
    first = service("aggregator", b.options, name="first")
    second = service("aggregator", b.options, name="second")

    def partitions(replica):
        return replica.metrics()["weir_partitions"]
    wait_until(lambda: partitions(first) == partitions(second) == 2, "an equal share")
    crowd = fleet(b, devices)
    wait_until(lambda: len(told(b)) == 12, "everybody is known")
    crowd.silent = set(devices[:6])
    time.sleep(dice.uniform(1, 2))
    first.kill()
    wait_until(lambda: all(statuses(b, d) == ["present", "missing"] for d in devices[:6]),
               "six missed")
    first.start().wait_ready()
    wait_until(lambda: partitions(first) == 2, "an equal share again")
    second.signal(signal.SIGSTOP)
    wait_until(lambda: partitions(first) == 4, "the share of the frozen")
    crowd.silent = set()
    wait_until(lambda: all(statuses(b, d)[2:] == ["back"] for d in devices[:6]), "six back")
    second.signal(signal.SIGCONT)
    wait_until(lambda: partitions(first) == 2, "an equal share once more")
    assert first.stop() == 0
    time.sleep(3)
    for device in devices[:6]:
        assert statuses(b, device) == ["present", "missing", "back"]
    for device in devices[6:]:
        assert statuses(b, device) == ["present"]
    assert_true(b)


def test_a_backfill_raises_no_alarm(bench, service, wait_until):
    """Neither at full speed nor in drops with pauses; and who sends now is watched all the same."""
    b = bench(partitions=1)
    aggregator = service("aggregator", b.options)
    b.produce([reading("live", datetime.now(timezone.utc))])
    wait_until(lambda: statuses(b, "live") == ["present", "missing"], "the live one missed")
    b.produce(random_readings(20_000, SEED))
    drops = random_readings(50, SEED + 2, late=0, broken=0)
    for drop in drops:
        b.produce([drop])
        time.sleep(0.1)
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    b.produce([reading("live", yesterday), reading("new", yesterday)])
    wait_until(lambda: b.committed() == b.ends(), "everything is read")
    time.sleep(3)
    assert set(told(b)) == {"live"} and statuses(b, "live") == ["present", "missing"]
    assert aggregator.metrics()["weir_expected_keys"] == 1
    b.produce([reading("live", datetime.now(timezone.utc))])
    wait_until(lambda: statuses(b, "live") == ["present", "missing", "back", "missing"],
               "back and missed again")


def test_a_start_after_a_long_time_tells_what_was_missed_meanwhile(
        bench, service, fleet, wait_until):
    """What the aggregator did not see because it was down is no silence."""
    b = bench(partitions=2)
    aggregator = service("aggregator", b.options)
    crowd = fleet(b, ["a", "b", "c"])
    wait_until(lambda: len(told(b)) == 3, "all are known")
    assert aggregator.stop() == 0
    crowd.silent = {"a"}
    time.sleep(4)
    aggregator.start().wait_ready()
    wait_until(lambda: statuses(b, "a") == ["present", "missing"], "the alarm")
    time.sleep(2)
    assert statuses(b, "b") == statuses(b, "c") == ["present"]
    assert_true(b)


@pytest.mark.alone  # the broker has to be back before the open transaction times out
def test_an_outage_of_the_brokers_is_no_silence(bench, service, fleet, wait_until, quick_kafka):
    """Nobody could send for longer than anybody may be silent."""
    b = bench(partitions=2)
    aggregator = service("aggregator", {**b.options, "idle": "3s"})
    crowd = fleet(b, ["a", "b", "c"])
    wait_until(lambda: len(told(b)) == 3, "all are known")
    quick_kafka.stop()
    time.sleep(3)
    quick_kafka.start().wait_ready()

    def taken():
        return aggregator.metrics()["weir_records_in_total"]
    before = taken()
    wait_until(lambda: taken() > before + 60, "readings after the outage")
    time.sleep(4)
    assert all(statuses(b, device) == ["present"] for device in "abc")
    crowd.silent = {"b"}
    wait_until(lambda: statuses(b, "b") == ["present", "missing"], "the alarm after the outage")
    assert aggregator.running


def test_what_compaction_leaves_is_enough(bench, service, fleet, wait_until):
    b = bench(partitions=1, segment_ms=500, min_cleanable_dirty_ratio=0.01)
    aggregator = service("aggregator", b.options)
    crowd = fleet(b, ["a", "b"])
    wait_until(lambda: len(told(b)) == 2, "both are known")
    crowd.silent = {"a"}

    def of(device):
        return [r.json()["status"] for r in b.read(b.status) if r.key == device]
    wait_until(lambda: of("a")[-1] == "missing", "the alarm")
    # A segment is only compacted once another has been begun: somebody has to write.
    others = (f"other{i}" for i in range(1000))
    wait_until(lambda: b.produce([reading(next(others), datetime.now(timezone.utc))])
               or of("a") == ["missing"], "compaction", 60, 1)
    aggregator.kill()
    aggregator.start().wait_ready()
    time.sleep(3)
    assert of("a") == ["missing"] and "missing" not in of("b")
    crowd.silent = set()
    wait_until(lambda: of("a")[-1] == "back", "the return")
    assert of("a").count("back") == 1 and "missing" not in of("b")


def test_keys_beyond_the_bound_are_counted(bench, service, fleet, wait_until):
    b = bench(partitions=1)
    aggregator = service("aggregator", {**b.options, "expected-keys-max": 2})
    fleet(b, ["a", "b", "c"])
    wait_until(lambda: aggregator.metrics()["weir_unwatched_readings_total"] > 0, "the count")
    assert set(told(b)) == {"a", "b"}


def test_a_status_topic_that_cannot_serve_is_refused(bench, service, unique, wait_until):
    b = bench(partitions=2)

    def refusal(status, **more):
        refused = service("aggregator", {**b.options, **more, "status": status}, wait=False)
        wait_until(lambda: not refused.running, "the refusal")
        assert refused.exit_code == 1
        return refused.log_text()
    narrow, forgets = unique("narrow"), unique("forgets")
    create_topic(b.servers, narrow, 1, cleanup_policy="compact")
    create_topic(b.servers, forgets, 2)
    assert f"expected at least as many partitions as --input {b.input} has, 2" in refusal(narrow)
    assert f"expected {forgets} to have cleanup.policy compact, got delete" in refusal(forgets)
    foreign = unique("foreign")
    create_topic(b.servers, foreign, 2, cleanup_policy="compact")
    other = type(b)(b.servers, [foreign, b.output, b.partial, b.late, b.dead], b.group)
    other.produce([("a", '{"device_name":"a"}')])
    text = refusal(foreign)
    assert f"of {foreign}, offset 0: no status record of this group" in text and "/status" in text
