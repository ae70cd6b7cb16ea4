# SPDX-License-Identifier: Apache-2.0
"""Goal: a device with a wrong clock harms nobody but itself, and is found by name.
Method: the readings of right clocks go through the aggregator alone, and then once more between
those of a clock a year ahead and of one five minutes behind; what is said of the right ones must be
the same."""

import json
import re
import time

import oracle
import pytest
from aggregator_bench import places

YEAR, FIVE_MINUTES = 365 * 86400, 300
SECONDS = 40


def readings(begin, wrong):
    """[(production in s, key, value)]: two devices read ten times a second, and beside them those
    of `wrong`, {device: how far its clock is ahead}."""
    for tenth in range(SECONDS * 10):
        now = begin + tenth / 10
        for device, ahead in {"right1": 0.0, "right2": -0.3, **wrong}.items():
            value = {"timestamp": oracle.iso(int((now + ahead) * 1_000_000)),
                     "device_name": device, "data": tenth}
            yield now, device, json.dumps(value)


def named(service):
    """{key: seconds} of weir_key_clock_skew_seconds."""
    found = {}
    for series, value in service.metrics().items():
        if match := re.fullmatch(r'weir_key_clock_skew_seconds\{key="(.*)"\}', series):
            found[match[1]] = value
    return found


@pytest.fixture
def run(bench, service, wait_until):
    """run(begin, wrong) is (its bench, its aggregator) once the input is committed."""
    def start(begin, wrong, **options):
        b = bench(partitions=1)
        for produced, key, value in readings(begin, wrong):
            b.produce([(key, value)], timestamp=int(produced * 1000))
        name = "-".join(["aggregator", *wrong])[:80]
        aggregator = service("aggregator", {**b.options, "window": "5s", "grace": "2s",
                                            "idle": "1h", **options}, name=name)
        wait_until(lambda: b.committed() == b.ends(), "commit of the whole input", 30, 0.1)
        return b, aggregator
    return start


def rows(bench, prefix):
    return [(r.key, r.value, r.headers["weir-window"], r.headers["weir-count"],
             r.headers["weir-watermark"])
            for r in bench.read(bench.output) if r.key.startswith(prefix)]


def test_clocks_that_are_wrong_harm_nobody_else_and_are_named(run, wait_until):
    # Whole seconds lately: brokers refuse and delete by the time of production.
    begin = int(time.time()) // 5 * 5 - SECONDS - 60
    alone, untroubled = run(begin, {})
    wrong = {"ahead": YEAR, "behind": -FIVE_MINUTES}
    b, aggregator = run(begin, wrong)

    expected = rows(alone, "right")
    assert len(expected) >= 2 * (SECONDS // 5 - 2)
    assert rows(b, "right") == expected
    assert alone.read(alone.late) == alone.read(alone.dead) == []
    records = b.read(b.input)
    late, dead = ({records[offset].key for _, offset in places(b.read(topic))}
                  for topic in (b.late, b.dead))
    assert late == {"behind"} and dead == {"ahead"}
    assert len(b.read(b.dead)) == SECONDS * 10
    # Nobody knows better before the first reading of a clock that is right.
    assert SECONDS * 10 - 1 <= len(b.read(b.late)) <= SECONDS * 10

    wait_until(lambda: named(aggregator).keys() == wrong.keys(), "both names", 10, 0.1)
    assert named(aggregator) == pytest.approx(wrong, abs=0.002)
    metrics = aggregator.metrics()
    assert metrics['weir_clock_skew_seconds_count{side="behind"}'] == 2 * SECONDS * 10
    assert metrics['weir_clock_skew_seconds_count{side="ahead"}'] == 2 * SECONDS * 10
    assert metrics['weir_clock_skew_seconds_bucket{side="behind",le="1"}'] == SECONDS * 10
    assert metrics['weir_clock_skew_seconds_bucket{side="ahead",le="86400"}'] == SECONDS * 10
    assert named(untroubled) == {}


def test_no_more_keys_are_named_than_asked_for(run, wait_until):
    begin = int(time.time()) - SECONDS - 60
    wrong = {f"wrong{hours}": -3600.0 * hours for hours in range(1, 5)}
    _, aggregator = run(begin, wrong, **{"skewed-keys": 2})
    wait_until(lambda: named(aggregator).keys() == {"wrong3", "wrong4"}, "the worst", 10, 0.1)
    _, aggregator = run(begin, {"wrong": -3600.0}, **{"skewed-keys": 0})
    wait_until(lambda: aggregator.metrics()["weir_open_windows"] > 0, "a look at the lanes")
    assert named(aggregator) == {}


def test_names_that_are_one_when_cut_are_said_once(run, wait_until):
    begin = int(time.time()) - SECONDS - 60
    _, aggregator = run(begin, {"x" * 200 + "-one": -7200.0, "x" * 200 + "-two": -3600.0})
    wait_until(lambda: named(aggregator), "a name", 10, 0.1)
    assert named(aggregator) == {"x" * 128 + "…": pytest.approx(-7200.0, abs=0.002)}
