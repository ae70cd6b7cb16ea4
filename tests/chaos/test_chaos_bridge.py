# SPDX-License-Identifier: Apache-2.0
"""Goal: the short form of `make chaos-bridge` loses nothing and counts every window right, and the
harness is able to say that something is lost or counted twice. Method: real mosquitto, real Kafka
of three brokers, faults by a printed seed; at QoS 0 what a killed bridge had in its hands is gone,
and without --distinct-by what it repeats is counted again, and that must be said."""

import os
import random
from collections import Counter

import bridge_faults
import full_disk
import pytest
from bridge_stage import BridgeStage, table
from faults import Fault
from senders import Tally, WindowCounts
from stage import cluster
from support import wait_until


@pytest.fixture
def stage(bin_dir, run_dir):
    running = []

    def start(nodes=1, **more):
        kafka = cluster(run_dir, nodes).start()
        running.append(kafka)
        kafka.wait_ready()
        running.append(BridgeStage(bin_dir, run_dir, kafka, **more))
        return running[-1].start()
    yield start
    for one in reversed(running):
        one.kill()


def kills(*times):
    return [("bridge", [Fault("kill", bridge_faults.BRIDGE, at, at + 0.3)]) for at in times]


def test_nothing_is_lost_whatever_is_killed_or_away(stage):
    seed = int(os.environ.get("WEIR_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"WEIR_SEED={seed}")
    whole = stage(nodes=3, rate=1_000)
    whole.perform(bridge_faults.plan(seed, 25))
    report = whole.settle()
    print(table(report))
    assert report["good"], table(report)
    assert report["sent"] > 10_000 and report["acts"]["bridge"] >= 3
    assert report["counted"] == report["sent"]


def test_what_is_lost_at_qos_0_is_seen(stage):
    whole = stage(rate=3_000, options={"qos": 0}, distinct=False)
    whole.perform(kills(1.0, 3.0))
    report = whole.settle(patience=8)
    assert not report["good"] and report["missing"] > 0, table(report)
    assert report["wrong_windows"] > 0 and report["counted"] < report["sent"], table(report)
    assert "NOT GOOD" in table(report)


def test_what_is_counted_twice_is_seen(stage):
    whole = stage(rate=3_000, distinct=False)
    # What Kafka was sent before the kill it writes when it wakes, and no bridge has heard of it.
    whole.perform([("bridge", [Fault("freeze", bridge_faults.ALL_BROKERS, 1.0, 1.6),
                               Fault("kill", bridge_faults.BRIDGE, 1.4, 1.9)])])
    report = whole.settle(patience=8)
    assert report["missing"] == 0 and report["duplicates"] > 0, table(report)
    assert not report["good"] and report["wrong_windows"] > 0, table(report)
    assert report["counted"] == report["records"] > report["sent"], table(report)


def test_the_tally_tells_missing_twice_and_out_of_order_apart():
    tally = Tally()
    for number in (1, 2, 2, 3, 6, 5, 5, 8):
        tally.add("a", number, marked=number == 2)
    assert tally.missing({"a": 9, "b": 2}) == {"a": 3, "b": 2}
    assert (tally.records, tally.duplicates, tally.disordered, tally.marked) == (8, 2, 3, 2)
    assert tally.missing({"a": 8, "b": 0}) == {"a": 2}


def test_of_a_window_the_last_revision_counts_and_each_difference_is_named():
    counts = WindowCounts()
    for device, second, n, revision in (("a", 0, 1, 0), ("a", 0, 3, 1), ("a", 0, 2, 0),
                                        ("a", 5, 7, 0), ("b", 0, 4, 0)):
        counts.add({"device_name": device, "n": n, "window": {
            "start": f"2024-10-07T12:00:0{second}.000Z"}}, revision)
    begin = 1_728_302_400
    right = Counter({("a", begin): 3, ("a", begin + 5): 7, ("b", begin): 4})
    assert counts.compare(right) == [] and counts.total() == 14
    assert len(counts.compare(right + Counter({("a", begin): 1}))) == 1
    assert len(counts.compare(right + Counter({("c", begin): 1}))) == 1
    assert len(counts.compare(right - Counter({("b", begin): 4}))) == 1


@pytest.mark.parametrize("mounts", [True, False])
def test_a_full_disk_takes_nothing(run_dir, mounts):
    disk = full_disk.FullDisk(run_dir / "disk", mounts=mounts)
    service = full_disk.ServiceOnDisks("/bin/sh", {}, run_dir)
    lines = ["echo word", "echo word > file"]
    if not disk.real:
        lines.append(f"echo word > {run_dir}/elsewhere")
    try:
        for line in lines:
            service.command, service.log = disk.command(["sh", "-c", line]), disk.log
            service.start()
            wait_until(lambda: not service.running, "end of the shell")
            assert service.exit_code != 0, line
    finally:
        disk.close()


def test_a_seed_repeats_the_faults_and_all_acts_come():
    for seed in range(100):
        chosen = bridge_faults.plan(seed, 300)
        assert chosen == bridge_faults.plan(seed, 300)
        assert {act for act, _ in chosen} == {*bridge_faults.ACTS, *bridge_faults.KILLS}
        assert sum(f.end - f.begin > 59 for act, parts in chosen for f in parts) == 1


def test_nobody_is_killed_while_he_is_away_and_one_neighbour_at_most_is():
    for seed in range(100):
        parts = [fault for _, faults in bridge_faults.plan(seed, 300) for fault in faults]
        for number, one in enumerate(parts):
            for other in parts[:number]:
                apart = one.begin >= other.end or other.begin >= one.end
                same = one.target == other.target and "disk" not in (one.kind, other.kind)
                neighbours = all(fault.target.startswith(("kafka", "mosquitto"))
                                 for fault in (one, other))
                assert apart or not (same or neighbours), (seed, one, other)
