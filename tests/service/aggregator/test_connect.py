# SPDX-License-Identifier: Apache-2.0
"""Goal: `--check --connect` finds what does not fit before a start would, and changes nothing.
Method: a real broker, with topics and commits that do not fit, one mistake after the other."""

import pytest
from aggregator_bench import random_readings, reading
from weir_local.service import flags


@pytest.fixture
def check(job):
    """check(options) is (exit code, lines)."""
    def run(options):
        done = job("aggregator", [*flags(options), "--check", "--connect"])
        return done.exit_code, done.log_text().splitlines()
    return run


def test_what_fits_is_valid_and_nothing_is_left_behind(bench, check):
    b = bench(partitions=4)
    b.produce(random_readings(500, seed=1))
    valid = "aggregator: the configuration is valid and fits what it names"
    assert check(b.options) == (0, [valid])
    assert set(b.committed().values()) == {-1001}
    assert b.read(b.output) == []


def test_every_misfit_is_named(bench, check, topic):
    b = bench(partitions=2)
    short = topic("short", partitions=2, retention_ms=1000)
    b.input = short
    value = reading("a", 1, 1)[1]
    b.produce([("sensor-1", value), ("sensor-2", value), ("sensor-3", value)])
    code, lines = check({**b.options, "input": short, "output": "no-such-topic"})
    assert code == 2
    text = "\n".join(lines)
    assert f"--input {short}: expected a retention.ms of 30000 or more" in text
    assert "--output no-such-topic: there is no such topic" in text
    assert f"of the newest 3 records of {short} 2 came under another key" in text
    assert len(lines) == 3


def test_commits_of_other_options_are_found(bench, check, service, wait_done):
    b = bench(partitions=2)
    b.produce(random_readings(500, seed=1))
    service("aggregator", b.options)
    wait_done(b)
    # Beside the service that is at work.
    assert check(b.options)[0] == 0
    code, [line] = check({**b.options, "window": "1m"})
    assert code == 2
    assert f"--group {b.group}, partition" in line and "window" in line


def test_records_that_are_no_readings_and_nobody_to_ask(bench, check, free_port):
    b = bench(partitions=1)
    b.produce([reading("a", 1, 1)])
    code, [line] = check({**b.options, "time": "when"})
    assert code == 2 and "none of the newest 1 records is a reading" in line and "/when" in line
    code, [line] = check({**b.options, "bootstrap-servers": f"127.0.0.1:{free_port()}"})
    assert code == 2 and "--connect: " in line


def test_mistakes_of_the_options_come_first(job, free_port):
    done = job("aggregator", ["--check", "--connect", "--input", "a"])
    assert done.exit_code == 2 and "--output: required" in done.log_text()
    done = job("aggregator", ["--connect"])
    assert done.exit_code == 2 and "--connect needs --check" in done.log_text()
