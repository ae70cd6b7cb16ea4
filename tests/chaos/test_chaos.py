# SPDX-License-Identifier: Apache-2.0
"""Goal: the short form of `make chaos` is exact, and the harness is able to say that something is
not. Method: real Kafka of three brokers, three aggregators, faults by a printed seed; then the
recovery is broken on purpose, by options and by hand, and the verdict must say how."""

import math
import os
import random
import time

import faults
import oracle
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from stage import GROUP, Stage, cluster, table


@pytest.fixture
def stage(bin_dir, run_dir):
    """stage(nodes=3, seconds=30, ...) is a stage on a cluster of its own, begun."""
    running = []

    def start(nodes=1, **more):
        kafka = cluster(run_dir, nodes).start()
        running.append(kafka)
        kafka.wait_ready()
        whole = Stage(bin_dir, run_dir, kafka, **more)
        running.append(whole)
        return whole.start()
    yield start
    for one in reversed(running):
        one.kill()


def seed():
    chosen = int(os.environ.get("WEIR_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"WEIR_SEED={chosen}")
    return chosen


def test_everything_is_exact_whatever_is_killed_frozen_or_stopped(stage):
    chosen, seconds = seed(), 32
    whole = stage(nodes=3, seed=chosen, rate=3_000, seconds=seconds)
    whole.perform(faults.plan(chosen, seconds))
    report = whole.settle()
    print(table(report))
    assert report["exact"], table(report)
    assert report["records"] == 3_000 * seconds
    assert all(report[kind]["expected"] > 0 for kind in ("rows", "late", "dead"))
    assert report["balanced"] and report["audit"][-1] == "balanced"
    assert sum(report["faults"].values()) >= 5


def test_results_written_twice_and_single_wrong_digits_are_seen(stage):
    """At least once, with seconds between writing and committing: a kill repeats results. Then a
    row comes once more with another last digit, and a dead letter with another byte."""
    whole = stage(seed=1, replicas=1, rate=1_000, seconds=12, options={
        "guarantee": "at-least-once", "commit-linger": "5s", "commit-interval": "5s"})
    whole.perform([("kill", [faults.Fault("kill", faults.REPLICAS[0], at, at + 0.1)])
                   for at in (8.0, 9.3, 10.6)])
    report = whole.settle()
    assert report["rows"]["duplicate"] > 0 and not report["exact"], table(report)
    assert report["rows"]["missing"] == report["rows"]["wrong"] == 0, table(report)
    assert report["dead"]["wrong"] == 0, table(report)
    assert "NOT EXACT" in table(report) and "it was written before" in table(report)
    assert not report["balanced"] and audited(report) == {
        "missing": 0, "duplicate": sum(report[kind]["duplicate"]
                                       for kind in ("rows", "late", "dead")), "wrong": 0}

    row = next(record for record in oracle.read_topic(whole.servers, "output")
               if record.json()["mean"])
    mean = row.json()["mean"]
    _write_again(whole.servers, "output", row, row.value.replace(
        f'"mean":{mean!r}'.encode(), f'"mean":{math.nextafter(mean, math.inf)!r}'.encode()))
    [dead, *_] = oracle.read_topic(whole.servers, "dead")
    _write_again(whole.servers, "dead", dead, dead.value + b" ")
    counts, _ = whole.judge()
    assert counts["rows"]["wrong"] == counts["dead"]["wrong"] == 1, counts
    assert counts["rows"]["duplicate"] == report["rows"]["duplicate"] + 1, counts
    balanced, text = whole.audit()
    assert not balanced and "has not the bytes of record" not in text
    assert audited({"audit": text.splitlines()})["duplicate"] == (
        audited(report)["duplicate"] + 2), text


def audited(report):
    """The faults that the audit's table counts."""
    [title] = [line for line in report["audit"] if line.startswith("partition ")
               and line.endswith(" wrong")]
    [line] = [line for line in report["audit"] if line.split()[:1] == ["all"]]
    counts = dict(zip(title.split()[1:], map(int, line.split()[1:])))
    return {name: counts[name] for name in ("missing", "duplicate", "wrong")}


def _write_again(servers, topic, record, value):
    assert value != record.value
    producer = Producer({"bootstrap.servers": servers})
    producer.produce(topic, key=record.key, value=value, partition=record.partition,
                     headers=list(record.headers.items()))
    assert producer.flush(10) == 0


def test_results_lost_with_the_checkpoint_are_seen(stage):
    """Without the metadata of its offset a partition begins anew: open windows are gone."""
    whole = stage(seed=2, replicas=1, rate=1_000, seconds=9)
    time.sleep(5)
    whole.stop_replicas()
    _take_checkpoints_away(whole.servers)
    whole.start_replicas()
    report = whole.settle()
    assert report["rows"]["missing"] > 0 and report["rows"]["wrong"] > 0, table(report)
    assert not report["exact"] and "weir-incomplete" in table(report)
    assert not report["balanced"] and audited(report)["wrong"] > 0, table(report)


def _take_checkpoints_away(servers):
    consumer = Consumer({"bootstrap.servers": servers, "group.id": GROUP})
    offsets = oracle.committed(servers, GROUP, "input")
    assert any(offset > 0 for offset in offsets.values())
    consumer.commit(offsets=[TopicPartition("input", partition, offset)
                             for partition, offset in offsets.items() if offset > 0],
                    asynchronous=False)
    consumer.close()


def test_a_seed_repeats_the_faults_and_all_acts_come():
    for number in range(200):
        chosen = faults.plan(number, 180)
        assert chosen == faults.plan(number, 180)
        assert {act for act, _ in chosen} == set(faults.ACTS)
        for lane in (faults.BROKERS, *((name,) for name in faults.REPLICAS)):
            own = sorted((fault.begin, fault.end) for _, parts in chosen for fault in parts
                         if fault.target in lane)
            assert all(end < begin for (_, end), (begin, _) in zip(own, own[1:]))
    assert faults.plan(1, 180) != faults.plan(2, 180)
