# SPDX-License-Identifier: Apache-2.0
"""Goal: every result exactly once and right, whatever is killed, moved, stopped or restarted.
Method: a random stream with a printed seed goes in while replicas come and go; in the end results,
late records and dead letters are compared with an oracle that has only seen the input."""

import random
import signal
import threading
import time

import oracle
import pytest
import weir_local
from aggregator_bench import TOPICS, Bench, random_readings, reading
from confluent_kafka.admin import AdminClient, NewPartitions
from support import create_topic

SEED = 20241007
COUNT = 24_000
SECONDS = 6.0
# A transaction that is open when its broker goes has ten seconds. If the broker is not back by then
# it fences the aggregator, which has to be started again, and what it ends while it starts it ends
# without markers, for ever. So nothing else may keep brokers from starting here.
back_in_time = pytest.mark.alone


@pytest.fixture
def bench(quick_bench):
    return quick_bench


class Stream(threading.Thread):
    """Writes the random stream over some seconds; the end of each window is in nobody's hands."""

    def __init__(self, bench, count=COUNT, seconds=SECONDS, seed=SEED):
        super().__init__(daemon=True)
        self._bench, self._count, self._seconds, self._seed = bench, count, seconds, seed

    def run(self):
        readings = random_readings(self._count, self._seed)
        portions = int(self._seconds * 20)
        for _ in range(portions):
            began = time.monotonic()
            self._bench.produce(r for _, r in zip(range(self._count // portions), readings))
            time.sleep(max(0.0, self._seconds / portions - (time.monotonic() - began)))
        self._bench.produce(readings)


@pytest.mark.parametrize("assignment", ["cooperative", "eager"])
def test_kill_nine_in_the_middle_and_start_again(bench, service, wait_done, assignment):
    print(f"seed {SEED}")
    b = bench()
    stream = Stream(b)
    options = {**b.options, "assignment": assignment, "commit-linger": "10ms"}
    aggregator = service("aggregator", options)
    stream.start()
    dice = random.Random(SEED)
    kills = 0
    while stream.is_alive():
        time.sleep(dice.uniform(0.2, 1.0))
        aggregator.kill()
        aggregator.start().wait_ready()
        kills += 1
    wait_done(b)
    assert kills >= 3
    b.assert_exact()


def test_two_replicas_share_move_and_lose_partitions(bench, service, wait_done, wait_until):
    print(f"seed {SEED + 1}")
    b = bench()
    stream = Stream(b, seed=SEED + 1)
    options = {**b.options, "commit-linger": "10ms"}
    first = service("aggregator", options, name="first")
    stream.start()
    second = service("aggregator", options, name="second")

    def partitions(replica):
        return replica.metrics()["weir_partitions"]
    wait_until(lambda: partitions(first) == partitions(second) == 2, "an equal share")
    first.kill()
    wait_until(lambda: partitions(second) == 4, "the share of the dead")
    first.start().wait_ready()
    wait_until(lambda: partitions(first) == 2, "an equal share again")
    assert second.stop() == 0
    wait_until(lambda: partitions(first) == 4, "the share of the stopped")
    stream.join()
    wait_done(b)
    b.assert_exact()


def test_a_zombie_that_wakes_up_writes_nothing_twice(bench, service, wait_done, wait_until):
    """Frozen for longer than the session, then woken: somebody else has its partitions."""
    b = bench()
    stream = Stream(b, seed=SEED + 2)
    options = {**b.options, "commit-linger": "10ms"}
    first = service("aggregator", options, name="first")
    second = service("aggregator", options, name="second")
    stream.start()
    for _ in range(2):
        wait_until(lambda: first.metrics()["weir_partitions"] == 2, "an equal share")
        first.signal(signal.SIGSTOP)
        wait_until(lambda: second.metrics()["weir_partitions"] == 4, "the share of the frozen")
        first.signal(signal.SIGCONT)
    stream.join()
    wait_done(b)
    b.assert_exact()
    assert first.running and second.running


def test_stop_and_start_continues_the_windows(bench, service, wait_done):
    b = bench()
    stream = Stream(b, seed=SEED + 3)
    aggregator = service("aggregator", b.options)
    stream.start()
    while stream.is_alive():
        time.sleep(1)
        assert aggregator.stop() == 0
        aggregator.start().wait_ready()
    wait_done(b)
    b.assert_exact()


@back_in_time
def test_the_broker_restarts_and_the_aggregator_goes_on(bench, service, wait_done, quick_kafka):
    b = bench()
    aggregator = service("aggregator", b.options)
    b.produce(random_readings(5_000, SEED))
    quick_kafka.restart()
    b.produce(random_readings(5_000, SEED + 4))
    wait_done(b)
    assert aggregator.running
    b.assert_exact()
    text = aggregator.log_text()
    assert text.count("cannot be reached") <= 3, "once for each of its clients"


def kill_between_commits(kafka, replicas):
    """Kills the broker under the open transactions of `replicas`. One that was just ending a
    transaction says after its start that it has, without a marker in any partition, and the offsets
    are held back for ever. Who is frozen begins no end, and what had begun takes milliseconds, or
    longer on a busy machine."""
    for replica in replicas:
        replica.signal(signal.SIGSTOP)
    time.sleep(0.8)
    kafka.kill()
    for replica in replicas:
        replica.signal(signal.SIGCONT)


@back_in_time
def test_partitions_that_move_while_no_broker_answers_leave_nothing_behind(
        bench, service, wait_done, quick_kafka):
    """Late records of partitions given up in an outage were once committed by their former owner
    without the offsets, and written again by the next: what is written for a partition is now
    thrown away when it must be given up without a commit."""
    b = bench()
    # Longer than the outages, which are silence like any other to whoever does not know of them.
    options = {**b.options, "commit-linger": "200ms", "idle": "8s"}
    stream = Stream(b, seed=SEED + 6)
    first = service("aggregator", options, name="first")
    stream.start()
    second = service("aggregator", options, name="second")
    for pause in (0.0, 0.7):
        time.sleep(1)
        kill_between_commits(quick_kafka, [first, second])
        second.kill()
        time.sleep(pause)
        quick_kafka.start().wait_ready()
        second.start()
    stream.join()
    second.wait_ready()
    wait_done(b)
    b.assert_exact()


def test_it_stops_in_time_while_no_broker_answers(run_dir, unique, service, wait_until):
    broker = weir_local.Kafka(run_dir / "broker").start().wait_ready()
    names = [unique(name) for name in TOPICS]
    for name in names:
        create_topic(broker.bootstrap_servers, name)
    b = Bench(broker.bootstrap_servers, names, unique("group"))
    aggregator = service("aggregator", b.options)
    b.produce([reading("a", 1, 1)])
    wait_until(lambda: aggregator.metrics()["weir_open_windows"] == 1, "the reading")
    broker.kill()
    wait_until(lambda: not aggregator.ready(), "the word that it is not ready")
    began = time.monotonic()
    assert aggregator.stop() == 0
    assert time.monotonic() - began < 6


def test_the_clock_closes_no_window_before_its_time(bench, service, wait_until):
    """However idle the partition, and after a crash, too."""
    b = bench(partitions=1)
    options = {**b.options, "idle": "300ms"}
    aggregator = service("aggregator", options)
    # Within --max-ahead, and far from its end.
    future = oracle.iso(int((time.time() + 600) * 1_000_000))
    b.produce([("b", f'{{"timestamp":"{future}","device_name":"b","data":1}}')])
    wait_until(lambda: b.committed() == {0: 1}, "the commit")
    aggregator.kill()
    aggregator.start().wait_ready()
    wait_until(lambda: aggregator.metrics()["weir_open_windows"] == 1, "the window built up again")
    assert aggregator.metrics()["weir_replayed_records_total"] == 1

    b.produce([reading("a", 1, 1)])
    [late] = _wait_for(b, b.late, 1, wait_until)
    assert late.key == "a", "the future reading moved the watermark"
    assert b.read(b.output) == []


def _wait_for(b, topic, count, wait_until):
    wait_until(lambda: len(b.read(topic)) >= count, f"{count} records in {topic}", interval=0.05)
    return b.read(topic)


def test_a_crash_after_a_quiet_close_repeats_and_forgets_nothing(bench, service, wait_until):
    b = bench(partitions=1)
    options = {**b.options, "idle": "300ms", "grace": "30s"}
    aggregator = service("aggregator", options)
    b.produce([reading("a", 1, 1), reading("a", 20, 2)])
    assert len(_wait_for(b, b.output, 2, wait_until)) == 2
    aggregator.kill()
    aggregator.start().wait_ready()
    # By the records alone the watermark would still be before all windows.
    b.produce([reading("a", 2, 3), reading("a", 31, 4)])
    [late] = _wait_for(b, b.late, 1, wait_until)
    assert late.headers["weir-watermark"] == "2024-10-07T12:00:30.000Z"
    results = _wait_for(b, b.output, 3, wait_until)
    assert [r.json()["average"] for r in results] == [1.0, 2.0, 4.0]


def test_other_options_are_refused_by_name(bench, service, job, wait_until):
    b = bench(partitions=1)
    aggregator = service("aggregator", b.options)
    b.produce([reading("a", 1, 1)])
    wait_until(lambda: b.committed() == {0: 1}, "the commit")
    aggregator.stop()

    def run(**changed):
        return service("aggregator", {**b.options, **changed}, wait=False,
                       name=f"changed-{'-'.join(changed)}")
    refused = run(window="30s", grace="20s")
    wait_until(lambda: not refused.running, "the refusal")
    assert refused.exit_code == 1
    text = refused.log_text()
    assert "--window was 15s, is 30s" in text and "--grace was 15s, is 20s" in text
    assert "--reset" in text
    # What only concerns how results look may change, and so may everything with --reset.
    assert run(round=1).wait_ready().stop() == 0
    accepted = run(window="30s", reset=True).wait_ready()
    b.produce([reading("a", 2, 3)])
    [result] = _wait_for(b, b.output, 1, wait_until)
    assert result.json()["average"] == 3.0 and "weir-incomplete" in result.headers
    assert accepted.stop() == 0
    # From then on the new options are the group's.
    assert run(window="30s").wait_ready().stop() == 0


def test_a_grown_input_is_refused(bench, service, wait_until, quick_kafka):
    b = bench(partitions=1)
    aggregator = service("aggregator", b.options)
    b.produce([reading("a", 1, 1)])
    wait_until(lambda: b.committed() == {0: 1}, "the commit")
    aggregator.stop()
    admin = AdminClient({"bootstrap.servers": b.servers})
    admin.create_partitions([NewPartitions(b.input, 2)])[b.input].result(10)
    aggregator.start()
    wait_until(lambda: not aggregator.running, "the refusal")
    assert "the number of partitions was 1, is 2" in aggregator.log_text()


def test_a_compacted_input_is_refused(quick_kafka, bench, service, wait_until, unique):
    b = bench(partitions=1)
    name = unique("compacted")
    create_topic(b.servers, name, cleanup_policy="compact")
    refused = service("aggregator", {**b.options, "input": name}, wait=False)
    wait_until(lambda: not refused.running, "the refusal")
    assert refused.exit_code == 1 and "is compacted" in refused.log_text()


def test_at_least_once_loses_nothing(bench, service, wait_done, wait_until):
    b = bench()
    stream = Stream(b, count=10_000, seconds=3.0, seed=SEED + 5)
    options = {**b.options, "guarantee": "at-least-once"}
    aggregator = service("aggregator", options)
    stream.start()
    time.sleep(1)
    aggregator.kill()
    aggregator.start().wait_ready()
    stream.join()
    wait_done(b)
    expected = b.expected()
    found = {}
    for record in b.read(b.output):
        value = record.json()
        key = value["device_name"], value["window"]["start"], value["window"]["end"]
        assert found.setdefault(key, value["average"]) == value["average"], "repeated, not changed"
    assert found == expected.averages
