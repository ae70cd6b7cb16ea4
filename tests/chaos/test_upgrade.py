# SPDX-License-Identifier: Apache-2.0
"""Goal: a version replaces another one replica at a time, and back, under a steady input, and every
result is there once and right. Method: real Kafka, three aggregators, and aggregator-next, which is
the aggregator with two more checkpoint formats; the oracle of the chaos runs is the judge. What is
committed is looked at, too, so that no step is taken for done that was not."""

import re
import subprocess
import time

import oracle
import pytest
from faults import REPLICAS
from stage import GROUP, PARTITIONS, Stage, cluster, table
from support import wait_until
from weir_local.service import flags

NEXT = "aggregator-next"
QUICK = {"commit-linger": "10ms"}


@pytest.fixture
def stage(bin_dir, run_dir):
    """stage(seconds) is a stage begun, on a broker of its own, with replicas of this version."""
    running = []

    def start(seconds):
        kafka = cluster(run_dir, 1).start()
        running.append(kafka)
        kafka.wait_ready()
        whole = Stage(bin_dir, run_dir, kafka, seed=8, rate=1_000, seconds=seconds, options=QUICK)
        running.append(whole)
        return whole.start()
    yield start
    for one in reversed(running):
        one.kill()


@pytest.fixture
def checkpoints(bin_dir):
    """checkpoints(stage) is [(partition, offset, metadata)] of the group, as texts; with lines of
    such it commits them instead."""
    def ask(stage, lines=None):
        command = [bin_dir / "group-offsets", stage.servers, GROUP, "input"]
        if lines is not None:
            text = "".join(" ".join(line) + "\n" for line in lines)
            return subprocess.run([*command, "--commit"], input=text, text=True, check=True)
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = [tuple(line.split(" ", 2)) for line in done.stdout.splitlines()]
        assert len(found) == PARTITIONS
        return found
    return ask


@pytest.fixture
def formats(checkpoints):
    """formats(stage) is the set of formats that the group's checkpoints are in."""
    return lambda stage: {re.match(r"weir([\d/]+) ", text)[1] for *_, text in checkpoints(stage)}


def roll(stage, executable="aggregator", **changed):
    for name in REPLICAS:
        stage.replace(name, executable, **changed)


def test_a_version_is_rolled_in_and_back(stage, formats):
    whole = stage(45)
    whole.replace(REPLICAS[0], NEXT)
    whole.replace(REPLICAS[1], NEXT)
    time.sleep(2)
    assert formats(whole) == {"2"}, "what both read, until somebody asks for more"
    whole.replace(REPLICAS[0])
    roll(whole, NEXT)
    # A format that this version may read: both may be in the group.
    for name in REPLICAS[:2]:
        whole.replace(name, NEXT, **{"checkpoint-format": 3})
    whole.replace(REPLICAS[2])
    time.sleep(2)
    assert "3/2" in formats(whole)
    # One that it may not: it says so and ends, and nothing is lost by it.
    whole.replace(REPLICAS[0], NEXT, **{"checkpoint-format": 4})
    wait_until(lambda: "4" in formats(whole), "a checkpoint in format 4", 10, 0.2)
    first, _, old = whole.replicas.values()
    assert first.stop() == 0
    wait_until(lambda: not old.running, "an end of the old version", 30, 0.05)
    assert old.exit_code == 1, old.log_tail()
    assert re.search(r"the checkpoint has format 4, for readers of format 4 or later, and this "
                     r"program knows formats 1 to 2 \(version [\d.]+\): start the newer version "
                     r"again, and before coming back from it let it write --checkpoint-format 2",
                     old.log_text())
    first.start()
    whole.replace(REPLICAS[2], NEXT)
    # Back: first the format, then the program.
    roll(whole, NEXT, **{"checkpoint-format": 2})
    wait_until(lambda: formats(whole) == {"2"}, "format 2 of all checkpoints", 10, 0.2)
    roll(whole)
    assert whole.producing
    report = whole.settle()
    assert report["exact"] and report["rows"]["expected"] > 10_000, table(report)
    assert report["ended_by_themselves"] == {}, "but for the one that had to"


def test_checkpoints_are_written_again_without_any_input(stage, checkpoints, formats, bin_dir):
    """Partitions at rest are in the new format soon: going back waits for no reading."""
    whole = stage(3)
    wait_until(lambda: not whole.producing, "end of the input", 30, 0.2)
    wait_until(lambda: oracle.committed(whole.servers, GROUP, "input")
               == oracle.ends(whole.servers, "input"), "commit of the whole input", 30, 0.2)
    before = offsets(checkpoints(whole))
    roll(whole, NEXT)
    roll(whole, NEXT, **{"checkpoint-format": 4})
    wait_until(lambda: formats(whole) == {"4"}, "format 4 of all checkpoints", 10, 0.2)
    code, words = check(whole, bin_dir)
    assert code == 2 and "the checkpoint has format 4, for readers of format 4" in words, words
    roll(whole, NEXT, **{"checkpoint-format": 2})
    wait_until(lambda: formats(whole) == {"2"}, "format 2 of all checkpoints", 10, 0.2)
    assert offsets(checkpoints(whole)) == before
    code, words = check(whole, bin_dir)
    assert code == 0, words
    roll(whole)
    report = whole.settle()
    assert report["exact"], table(report)


def check(stage, bin_dir):
    """Whether this version could take over: (exit code, words)."""
    command = [bin_dir / "aggregator", *flags(stage.options), "--check", "--connect"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def offsets(lines):
    return [(partition, offset) for partition, offset, _ in lines]


def in_format_1(text):
    """The same checkpoint as the version before wrote it: moves in microseconds."""
    checkpoint, fingerprint = text.split(" | ")
    mark, *parts, last = checkpoint.split(" ")
    if ":" in last and len(parts) == 5:
        steps = (step.split(":") for step in last.split(","))
        last = ",".join(f"{offset}:{round(float(ms) * 1000)}" for offset, ms in steps)
    assert mark == "weir2"
    return f"{' '.join(['weir1', *parts, last])} | {fingerprint}"


def test_what_the_version_before_committed_is_continued(stage, checkpoints, formats):
    whole = stage(14)
    time.sleep(6)
    whole.stop_replicas()
    checkpoints(whole, [(partition, offset, in_format_1(text))
                        for partition, offset, text in checkpoints(whole)])
    assert formats(whole) == {"1"}
    whole.start_replicas()
    wait_until(lambda: formats(whole) == {"2"}, "format 2 of all checkpoints", 10, 0.2)
    report = whole.settle()
    assert report["exact"] and report["rows"]["expected"] > 1_000, table(report)
