# SPDX-License-Identifier: Apache-2.0
"""Goal: what a real aggregator has done while it was killed balances, for every kind of window, and
whatever is wrong with it afterwards is found by name. Method: a random stream with a printed seed
and kill -9 in the middle; then single records are taken away, doubled or changed in copies of the
topics, and the audit is asked about the copies."""

import json
import random
import re
import socket
import struct
import time
from dataclasses import replace

import pytest
from aggregator_bench import random_readings
from confluent_kafka import Consumer, TopicPartition
from streams import KINDS, Stream
from weir_local.service import flags
from window_oracle import COLUMNS

SEED = 20241202
COLUMN_NAMES = ("input", "used", "late", "dead", "filtered", "open", "rows", "missing",
                "duplicate", "wrong")


class Verdict:
    """What the audit said: its exit code, its sentences, and the counts of all partitions."""

    def __init__(self, code, text):
        self.code, self.text = code, text
        found = re.search(r"^ +all +(.*)$", text, re.MULTILINE)
        numbers = map(int, found[1].split()) if found else ()
        self.counts = dict(zip(COLUMN_NAMES, numbers))

    def faults(self):
        return tuple(self.counts[name] for name in ("missing", "duplicate", "wrong"))


@pytest.fixture
def audit(job):
    """audit(options, until="end") is a Verdict."""
    def run(options, *more, **changed):
        own = {"bootstrap-servers", "input", "output", "late", "dead-letter", "group", "key",
               "time", "window", "every", "sliding", "session-gap", "grace", "accept-late",
               "aggregate", "round"}
        kept = {name: value for name, value in options.items() if name in own}
        changed = {name.replace("_", "-"): value for name, value in changed.items()}
        done = job("audit", [*flags({**kept, **changed}), *more], timeout=60)
        return Verdict(done.exit_code, done.log_text())
    return run


def assert_balanced(verdict, bench):
    counts = verdict.counts
    assert verdict.code == 0 and "balanced\n" in verdict.text, verdict.text
    assert verdict.faults() == (0, 0, 0), verdict.text
    assert counts["input"] == sum(counts[fate] for fate in ("used", "late", "dead", "filtered"))
    assert counts["input"] == len(bench.read(bench.input))
    assert counts["late"] == len(bench.read(bench.late))
    assert counts["dead"] == len(bench.read(bench.dead))


# Without --accept-late what differs is the same for all kinds but where a reading is late for some
# of its windows; tests/unit/audit has all of them.
@pytest.mark.parametrize(("kind", "accept_late"), [*((kind, 30) for kind in KINDS), ("hopping", 0)])
def test_every_kind_balances_after_kills(bench, service, wait_until, audit, kind, accept_late):
    print(f"seed {SEED}")
    b = bench(partitions=3)
    stream = Stream(b, count=5_000, seconds=3.0, seed=SEED)
    options = {**b.options, **KINDS[kind][1], "grace": "5s", "accept-late": f"{accept_late}s",
               "aggregate": COLUMNS, "round": None, "commit-linger": "10ms", "idle": "1h",
               "kafka": ["session.timeout.ms=6000"]}
    aggregator = service("aggregator", options)
    stream.start()
    dice = random.Random(SEED)
    while stream.is_alive():
        time.sleep(dice.uniform(0.3, 0.8))
        aggregator.kill()
        aggregator.start()
    wait_until(lambda: b.committed() == b.ends(), "commit of the whole input", 60, 0.1)

    # By records alone: the last windows are open, whether or not the aggregator is at work.
    verdict = audit(options)
    assert_balanced(verdict, b)
    assert verdict.counts["open"] > 0 and verdict.counts["late"] > 0
    assert verdict.counts["rows"] == len(b.read(b.output))
    aggregator.stop()
    # The clock closes them.
    aggregator = service("aggregator", {**options, "idle": "500ms"})
    wait_until(lambda: aggregator.metrics()["weir_partitions"] == 3
               and aggregator.metrics()["weir_replaying_partitions"] == 0
               and audit(options).counts["open"] == 0, "end of the last windows", 60, 1.0)
    verdict = audit(options)
    assert_balanced(verdict, b)
    assert verdict.counts["rows"] == len(b.read(b.output))
    if accept_late:
        assert any(r.headers["weir-revision"] != "0" for r in b.read(b.output))


@pytest.fixture
def done(bench, service, wait_until):
    """done() is (a bench, its options) after an aggregator has read 2,000 readings, 20 s of them,
    some late and some broken."""
    def run(**changed):
        b = bench(partitions=2)
        b.produce(random_readings(2_000, seed=SEED, late=0.03, broken=0.01))
        options = {**b.options, "window": "3s", "grace": "2s", "idle": "1h", **changed}
        aggregator = service("aggregator", options)
        wait_until(lambda: b.committed() == b.ends(), "commit of the whole input", 60, 0.1)
        aggregator.stop()
        return b, options
    return run


def digit_changed(row):
    average = json.dumps(json.loads(row.value)["average"])
    other = average[:-1] + ("1" if average[-1] != "1" else "2")
    return replace(row, value=row.value.replace(f'"average":{average}'.encode(),
                                                f'"average":{other}'.encode()))


def headed(record, **headers):
    names = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return replace(record, headers={**record.headers, **names})


# By topic: what becomes of its records, and how many are missing, duplicate and wrong then.
PLANTS = {
    "a row is missing": ("output", lambda r: r[1:], (1, 0, 0)),
    "a row is there twice": ("output", lambda r: [*r, r[5]], (0, 1, 0)),
    "a row has another digit": ("output", lambda r: [digit_changed(r[0]), *r[1:]], (0, 0, 1)),
    "a row is there again with another digit":
        ("output", lambda r: [*r, digit_changed(r[0])], (0, 1, 0)),
    "a row counts a reading less":
        ("output", lambda r: [headed(r[0], weir_count=int(r[0].headers["weir-count"]) - 1),
                              *r[1:]], (0, 0, 1)),
    "a row names another reading":
        ("output", lambda r: [headed(r[0], weir_source=r[0].headers["weir-source"] + "0"),
                              *r[1:]], (0, 0, 1)),
    "a row has another watermark":
        ("output", lambda r: [headed(r[0], weir_watermark="2024-10-07T12:59:59.999Z"), *r[1:]],
         (0, 0, 1)),
    "a row is a revision of nothing":
        ("output", lambda r: [*r, headed(r[0], weir_revision=1)], (0, 0, 1)),
    "a row is of a key that never was": ("output", lambda r: [*r, replace(r[0], key="nobody")],
                                         (0, 0, 1)),
    "a late record is there twice": ("late", lambda r: [*r, r[0]], (0, 1, 0)),
    "a late record is missing": ("late", lambda r: r[1:], (1, 0, 0)),
    "a late record has another byte":
        ("late", lambda r: [replace(r[0], value=r[0].value + b" "), *r[1:]], (0, 0, 1)),
    "a late record was so by another watermark":
        ("late", lambda r: [headed(r[0], weir_watermark="2024-10-07T12:59:59.999Z"), *r[1:]],
         (0, 0, 1)),
    "a dead letter is there twice": ("dead", lambda r: [*r, r[0]], (0, 1, 0)),
    "a dead letter is missing": ("dead", lambda r: r[1:], (1, 0, 0)),
}


def test_everything_that_is_wrong_is_found(done, topic, audit):
    b, options = done()
    whole = audit(options)
    assert_balanced(whole, b)
    assert all(whole.counts[name] > 10 for name in ("rows", "late", "dead", "open", "used"))
    records = {kind: b.read(getattr(b, kind)) for kind in ("output", "late", "dead")}
    for what, (kind, change, faults) in PLANTS.items():
        copy = topic(kind, partitions=2)
        b.copy(change(records[kind]), copy)
        verdict = audit(options, **{"dead_letter" if kind == "dead" else kind: copy})
        assert (verdict.code, verdict.faults()) == (1, faults), f"{what}: {verdict.text}"
        assert "NOT BALANCED" in verdict.text
        fates = sum(verdict.counts[fate] for fate in ("used", "late", "dead", "filtered"))
        is_fate_lost = kind != "output" and faults[0] > 0
        assert verdict.counts["input"] - fates == is_fate_lost, f"{what}: {verdict.text}"


def test_what_is_wrong_is_named_with_what_was_expected_and_found(done, topic, audit):
    b, options = done()
    row = b.read(b.output)[0]
    copy = topic("copy", partitions=2)
    b.copy([digit_changed(row), *b.read(b.output)[1:]], copy)
    verdict = audit(options, "--examples", "1", output=copy)
    source = row.headers["weir-source"].rsplit(":", 1)[1]
    readings = f'of {row.headers["weir-count"]} readings at {source}'
    assert (f'partition {row.headers["weir-source"].rsplit(":", 1)[0][-1]}: wrong: key "{row.key}" '
            f'window {row.headers["weir-window"]} revision 0 at {row.partition}:0: '
            f"expected {row.value.decode()} {readings}, found "
            f"{digit_changed(row).value.decode()} {readings}") in verdict.text, verdict.text
    verdict = audit(options, "--examples", "1", output=topic("empty"))
    assert verdict.code == 1 and verdict.counts["missing"] == len(b.read(b.output))
    assert f"and {len(b.read(b.output)) - 1} more" in verdict.text


def test_a_used_record_in_no_row_and_a_row_with_a_late_one_are_found(done, topic, audit):
    """The records of the input come in other order: what was used is late now, and the reverse."""
    b, options = done()
    copy = topic("copy", partitions=2)
    late = b.read(b.late)
    used = {(r.partition, r.offset) for r in b.read(b.input)}
    used -= {(int(r.headers["weir-partition"]), int(r.headers["weir-offset"]))
             for r in [*late, *b.read(b.dead)]}
    partition, offset = sorted(used)[len(used) // 4]
    [original] = [r for r in b.read(b.input) if (r.partition, r.offset) == (partition, offset)]
    forged = headed(replace(late[0], key=original.key, value=original.value),
                    weir_partition=partition, weir_offset=offset)
    b.copy([*late, forged], copy)
    verdict = audit(options, late=copy)
    # The late record is none, and the row that has its reading should be without it.
    assert verdict.code == 1 and verdict.faults()[2] == 2, verdict.text
    assert f"record {offset} is late at" in verdict.text


def test_results_lost_with_the_checkpoints_are_found(bench, service, wait_until, audit):
    b = bench(partitions=2)
    first, second = [], []
    for number, pair in enumerate(random_readings(2_000, seed=SEED)):
        (first if number < 1_000 else second).append(pair)
    options = {**b.options, "window": "3s", "grace": "2s", "idle": "1h"}
    for part in (first, second):
        b.produce(part)
        aggregator = service("aggregator", options)
        wait_until(lambda: b.committed() == b.ends(), "commit of the whole input", 60, 0.1)
        aggregator.stop()
        if part is first:
            consumer = Consumer({"bootstrap.servers": b.servers, "group.id": b.group})
            consumer.commit(offsets=[TopicPartition(b.input, partition, offset)
                                     for partition, offset in b.committed().items()],
                            asynchronous=False)
            consumer.close()
    verdict = audit(options)
    assert verdict.code == 1 and verdict.counts["wrong"] > 0, verdict.text
    assert "weir-incomplete" in verdict.text


def delete_records(servers, topic, offset):
    """Partition 0 loses what lies before the offset, as by retention (DeleteRecords, version 0)."""
    host, port = servers.split(":")
    name = topic.encode()
    request = struct.pack(f">hhih4sih{len(name)}siiqi", 21, 0, 1, 4, b"test", 1, len(name), name, 1,
                          0, offset, 10_000)
    with socket.create_connection((host, int(port)), 10) as link:
        link.sendall(struct.pack(">i", len(request)) + request)
        with link.makefile("rb") as answer:
            rest = answer.read(struct.unpack(">i", answer.read(4))[0])
    error = struct.unpack(">h", rest[-2:])[0]
    assert error == 0, f"the broker refused: error {error}"


def test_a_part_of_the_log_and_a_log_that_is_cut(done, audit):
    b, options = done()
    whole = audit(options)
    part = audit(options, **{"from": "0:100,1:50"}, until="0:1100,1:750")
    assert part.code == 0 and part.counts["input"] == 1_700, part.text
    assert 10 < part.counts["rows"] < whole.counts["rows"] and "are not judged" in part.text

    delete_records(b.servers, b.input, 100)
    verdict = audit(options)
    assert verdict.code == 0, verdict.text
    assert verdict.counts["input"] == whole.counts["input"] - 100
    verdict = audit(options, **{"from": "0:50"})
    assert verdict.code == 2 and "retention has taken what --from 50 names" in verdict.text
    delete_records(b.servers, b.output, len([r for r in b.read(b.output) if r.partition == 0]) - 5)
    verdict = audit(options)
    assert verdict.code == 2 and "may have been there before retention took it" in verdict.text


def test_what_cannot_be_judged_is_neither_right_nor_wrong(done, topic, audit, job):
    b, options = done()
    verdict = audit(options, window="4s")
    assert verdict.code == 2 and "--window was 3s, is 4s" in verdict.text
    verdict = audit(options, group="nobody")
    assert verdict.code == 2 and "group nobody has committed nothing" in verdict.text
    verdict = audit(options, late="no-such-topic", stall_timeout="1s")
    assert verdict.code == 2 and "there is no topic no-such-topic" in verdict.text
    verdict = audit(options, output=b.input, input=topic("other", partitions=2))
    assert verdict.code == 2
    done_ = job("audit", ["--output", "x"])
    assert done_.exit_code == 2 and "--input: required" in done_.log_text()


def test_a_bounded_run_balances_to_its_end(bench, topic, job, audit):
    b = bench(partitions=2)
    b.produce(random_readings(2_000, seed=SEED))
    options = {name: value for name, value in b.options.items() if name not in ("group", "idle")}
    run = job("aggregator", [*flags({**options, "session-gap": "1s", "accept-late": "20s",
                                     "until": "end"}), "--admin", "off"])
    assert run.exit_code == 0, run.log_text()
    verdict = audit({**options, "session-gap": "1s", "accept-late": "20s"}, until="end")
    assert_balanced(verdict, b)
    assert verdict.counts["open"] == 0 and verdict.counts["rows"] == len(b.read(b.output))


def test_the_aggregator_s_own_file_is_taken(done, job, run_dir):
    """Whatever an aggregator can be told, in a file and without a flag."""
    b, options = done()
    printed = job("aggregator", [*flags(options), "--print-config"])
    path = run_dir / "aggregator.toml"
    path.write_text(printed.log_text())
    verdict = job("audit", ["--config", path])
    assert verdict.exit_code == 0, verdict.log_text()
    path.write_text(printed.log_text() + '\ngraze = "1s"\n')
    verdict = job("audit", ["--config", path])
    assert verdict.exit_code == 2
    assert 'unknown key "graze", did you mean grace?' in verdict.log_text()
