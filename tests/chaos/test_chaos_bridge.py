# SPDX-License-Identifier: Apache-2.0
"""Goal: the short form of `make chaos-bridge` loses nothing, and the harness is able to say that
something is lost. Method: real mosquitto, real Kafka of three brokers, faults by a printed seed; at
QoS 0 what a killed bridge had in its hands is gone, and that must be said."""

import os
import random

import bridge_faults
import pytest
from bridge_stage import BridgeStage, Tally, table
from faults import Fault
from stage import cluster


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


def test_nothing_is_lost_whatever_is_killed_or_away(stage):
    seed = int(os.environ.get("WEIR_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"WEIR_SEED={seed}")
    whole = stage(nodes=3, rate=1_000)
    whole.perform(bridge_faults.plan(seed, 25))
    report = whole.settle()
    print(table(report))
    assert report["good"], table(report)
    assert report["sent"] > 10_000 and report["acts"]["bridge"] >= 3


def test_what_is_lost_at_qos_0_is_seen(stage):
    whole = stage(rate=2_000, options={"qos": 0})
    whole.perform([("bridge", [Fault("kill", bridge_faults.BRIDGE, at, at + 0.5)])
                   for at in (1.0, 3.0)])
    report = whole.settle(patience=8)
    assert not report["good"] and report["missing"] > 0, table(report)
    assert "NOT GOOD" in table(report)


def test_the_tally_tells_missing_twice_and_out_of_order_apart():
    tally = Tally()
    for number in (1, 2, 2, 3, 6, 5, 5, 8):
        tally.add("a", number, marked=number == 2)
    assert tally.missing({"a": 9, "b": 2}) == {"a": 3, "b": 2}
    assert (tally.records, tally.duplicates, tally.disordered, tally.marked) == (8, 2, 3, 2)
    assert tally.missing({"a": 8, "b": 0}) == {"a": 2}


def test_a_seed_repeats_the_faults_and_all_acts_come():
    for seed in range(100):
        chosen = bridge_faults.plan(seed, 300)
        assert chosen == bridge_faults.plan(seed, 300)
        assert {act for act, _ in chosen} == {*bridge_faults.ACTS, "bridge"}
        assert sum(f.end - f.begin > 59 for act, parts in chosen for f in parts) == 1
