# SPDX-License-Identifier: Apache-2.0
"""Goal: what was said live is what any replay says, to the last byte, and live the last window does
not wait. Method: readings of now, at the pace of the clock, with a pause in which the clock closes
windows; then the whole topic at full speed, by another group and by bounded runs over the topic and
over files made of it."""

import json
import random
import time

import oracle
import pytest
from weir_local.service import flags

KINDS = {
    "tumbling": {"window": "1s"},
    "hopping": {"window": "2s", "every": "500ms"},
    "session": {"session-gap": "300ms"},
}
GRACE_S = IDLE_S = 0.5
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
    """A reading of each device every 100 ms, up to 300 ms old when it comes."""
    until = time.time() + seconds
    while time.time() < until:
        now = time.time()
        bench.produce(
            (device, json.dumps({"timestamp": oracle.iso(int((now - dice.uniform(0, 0.3)) * 1e6)),
                                 "device_name": device, "data": round(dice.uniform(0, 999), 2)}))
            for device in DEVICES)
        time.sleep(max(0.0, now + 0.1 - time.time()))


@pytest.fixture
def live(bench, service, wait_until):
    """live(kind) is the bench of a live run that is over, nothing of it late."""
    def run(kind):
        b = bench(partitions=PARTITIONS)
        b.options |= {**KINDS[kind], "grace": f"{GRACE_S}s", "idle": f"{IDLE_S}s",
                      "aggregate": ["mean=mean(data)", "n=count()", "last=last(data)"]}
        aggregator = service("aggregator", b.options, name="live")
        dice = random.Random(20241127)
        live_readings(b, 3, dice)
        wait_for_the_last_window(b, kind, wait_until)
        live_readings(b, 3, dice)
        wait_for_the_last_window(b, kind, wait_until)
        assert aggregator.stop() == 0
        assert b.read(b.late) == b.read(b.dead) == []
        return b
    return run


def whole(bench, output, kind):
    """The rows, once every reading is in as many windows as it belongs to; before that nothing."""
    rows = bench.read(output)
    windows = 4 if kind == "hopping" else 1
    counted = sum(int(row.headers["weir-count"]) for row in rows)
    return rows if counted == windows * len(bench.read(bench.input)) else None


def wait_for_the_last_window(bench, kind, wait_until):
    """The devices are silent: within end + grace + idle + 1 s every window has come out."""
    rows = wait_until(lambda: whole(bench, bench.output, kind), "the last window", 10)
    now = time.time()
    ends = [oracle.event_time({"timestamp": row.headers["weir-window"].split("/")[1]}) / 1e6
            for row in rows]
    assert now - (max(ends) + GRACE_S + IDLE_S) < 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_replay_says_what_was_said_live(kind, live, topic, service, job, wait_until, run_dir):
    b = live(kind)
    said = b.read(b.output)
    assert by_partition(said).keys() == set(range(PARTITIONS)) and len(said) > 20

    names = {name: topic(f"replay-{name}", partitions=PARTITIONS)
             for name in ("output", "late", "dead-letter")}
    again = service("aggregator", {**b.options, **names, "group": b.group + "-replay"},
                    name="replay")
    rows = wait_until(lambda: whole(b, names["output"], kind), "all of the replay", 30, 0.1)
    assert again.stop() == 0
    assert_same(rows, said)

    names = {name: topic(f"job-{name}", partitions=PARTITIONS)
             for name in ("output", "late", "dead-letter")}
    bounded = {**b.options, "idle": None, "admin": "off"}
    done = job("aggregator", flags({**bounded, **names, "until": "end"}))
    assert done.exit_code == 0, done.log_text()
    assert_same(b.read(names["output"]), said)
    for name in ("late", "dead-letter"):
        assert b.read(names[name]) == []

    plain = {k: v for k, v in bounded.items() if k not in
             ("bootstrap-servers", "group", "input", "output", "late", "dead-letter")}
    for partition in range(PARTITIONS):
        exported, results = run_dir / f"{partition}.jsonl", run_dir / f"results-{partition}.jsonl"
        exported.write_bytes(b"".join(r.value + b"\n" for r in b.read(b.input)
                                      if r.partition == partition))
        done = job("aggregator", flags({**plain, "file": exported, "results": results}))
        assert done.exit_code == 0, done.log_text()
        assert results.read_bytes().splitlines() == [r.value for r in said
                                                     if r.partition == partition]


def assert_same(found, said):
    """Byte for byte, but for one header of the rows before the pause: the clock closed them live,
    and a reading from after it does now."""
    assert by_partition(found, but_watermark) == by_partition(said, but_watermark)
    others = [(one, other) for one, other in zip(found, said) if told(one) != told(other)]
    for _, live_row in others:
        end = live_row.headers["weir-window"].split("/")[1]
        assert live_row.headers["weir-watermark"] == end, "the clock closed it"
    assert 0 < len(others) < len(said) / 2
