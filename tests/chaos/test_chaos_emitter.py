# SPDX-License-Identifier: Apache-2.0
"""Goal: the short form of `make chaos-emitter` finds every number once at every client, and the
harness is able to say that it is not so. Method: two real replicas on a real Kafka, killed and
stopped in turn; without recovery clients get snapshots and have numbers twice, and with a history
too short for what they missed have not all of them."""

import pytest
from emitter_stage import EmitterStage, table


@pytest.fixture
def stage(bin_dir, run_dir, kafka):
    running = []

    def start(**more):
        running.append(EmitterStage(bin_dir, run_dir, kafka, **more))
        return running[-1].start()
    yield start
    for one in running:
        one.kill()


def test_every_client_has_every_number_once(stage):
    whole = stage(clients=60, rate=30)
    whole.perform(10)
    report = whole.settle()
    assert report["good"], table(report)
    assert report["returns"] > 60 and report["renewed"] == 0, table(report)


@pytest.mark.parametrize(("options", "fault"), [
    ({"recovery-size": 0}, "twice"), ({"recovery-size": 0, "history-records": 1}, "missing")])
def test_what_comes_twice_or_not_at_all_is_seen(stage, options, fault):
    whole = stage(clients=5, rate=50, options=options)
    whole.perform(2)
    report = whole.settle(patience=2)
    assert not report["good"] and report[fault] > 0, table(report)
    assert "NOT GOOD" in table(report)
