# SPDX-License-Identifier: Apache-2.0
"""Goal: with --distinct-by a message that is delivered again counts once, in windows of every kind,
while the aggregator is killed; it is filtered and counted, and the audit agrees. Method: a random
stream with a printed seed in which readings come again, and an oracle that has only seen it."""

import json
import re
from dataclasses import replace

import pytest
from aggregator_bench import reading
from kills import exact_rows, kill_through
from streams import KINDS, Stream, with_repeats
from weir_local.service import flags
from window_oracle import COLUMNS
from window_oracle import expected as partitions_of

SEED = 20250311
# What an aggregator is told and an audit need not know.
ITS_OWN = ("idle", "commit-linger", "kafka")


@pytest.fixture
def audit(job):
    """audit(options) is {column: count} of an audit that is balanced."""
    def run(options):
        kept = {name: value for name, value in options.items() if name not in ITS_OWN}
        done = job("audit", flags(kept), timeout=60)
        text = done.log_text()
        assert done.exit_code == 0, text
        title, *_, all_ = re.findall(r"^ *(?:partition|all) +(.*)$", text, re.MULTILINE)
        return dict(zip(title.split(), map(int, all_.split())))
    return run


@pytest.fixture
def told(job, run_dir):
    """told(bench, options) is what a bounded run over the same input says: its rows, its counts."""
    def run(b, options):
        results = run_dir / "bounded.jsonl"
        left_out = (*ITS_OWN, "output", "late", "dead-letter", "group")
        kept = {name: value for name, value in options.items() if name not in left_out}
        done = job("aggregator", flags({**kept, "until": "end", "results": results,
                                        "admin": "off"}), timeout=60)
        text = done.log_text()
        assert done.exit_code == 0, text
        [line] = re.findall(r"read to the end (.*)", text)
        return (results.read_bytes().splitlines(),
                {k: int(v) for k, v in (pair.split("=") for pair in line.split())})
    return run


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_again_counts_once_whatever_is_killed(
        quick_bench, service, audit, told, kind):
    print(f"seed {SEED}")
    windows, options = KINDS[kind]
    windows = replace(windows, distinct_by="seq")
    b = quick_bench(partitions=3)
    stream = Stream(b, count=5_000, seconds=4.0, seed=SEED,
                    change=lambda readings: with_repeats(readings, SEED))
    options = {**b.options, **options, "grace": "5s", "accept-late": f"{windows.accept_late}s",
               "aggregate": COLUMNS, "round": None, "commit-linger": "10ms", "idle": "1h",
               "distinct-by": "seq"}
    aggregator = service("aggregator", options)
    kill_through(stream, aggregator, b, SEED)
    # By records alone: the clock has closed nothing.
    counts = audit(options)
    aggregator.stop()
    service("aggregator", {**options, "idle": "500ms"}, name="last")
    rows = exact_rows(b, windows)

    input_ = sum(b.ends().values())
    repeated = sum(len(p.repeated) for p in partitions_of(b.read(b.input), windows).values())
    assert repeated > 300
    assert (counts["input"], counts["filtered"]) == (input_, repeated)
    assert counts["input"] == sum(counts[fate] for fate in ("used", "late", "dead", "filtered"))
    assert audit(options)["filtered"] == repeated
    values, counts = told(b, options)
    assert sorted(values) == sorted(row.value for row in rows)
    assert (counts["input"], counts["filtered"]) == (input_, repeated)


def test_a_message_that_comes_again_is_filtered_and_no_header_drops_one(
        bench, service, wait_until, audit):
    b = bench(partitions=1)

    def numbered(seconds, data, seq):
        key, text = reading("a", seconds, data)
        return key, json.dumps({**json.loads(text), "seq": seq})
    options = {**b.options, "distinct-by": "seq", "idle": "1h"}
    aggregator = service("aggregator", options)
    b.produce([numbered(1, 5, 1), numbered(2, 7, 2)])
    b.produce([numbered(1, 5, 1), numbered(3, 9, 3)], headers={"weir-maybe-duplicate": "true"})
    b.produce([reading("a", 4, 1000)])
    b.produce([numbered(31, 1, 4)])
    wait_until(lambda: b.committed() == {0: 6}, "the commit", 30, 0.1)
    [row] = b.read(b.output)
    assert row.json()["average"] == 7.0 and row.headers["weir-count"] == "3"
    [dead] = b.read(b.dead)
    assert dead.headers["weir-error"] == "/seq: expected a string or a number, got nothing"
    metrics = aggregator.metrics()
    fates = {fate: metrics[f'weir_records_total{{fate="{fate}"}}']
             for fate in ("used", "late", "dead", "filtered")}
    assert fates == {"used": 4, "late": 0, "dead": 1, "filtered": 1}
    assert metrics['weir_filtered_records_total{reason="repeated"}'] == 1
    assert metrics['weir_filtered_records_total{reason="empty"}'] == 0
    assert {k: v for k, v in audit(options).items() if k in fates} == fates


def test_beyond_its_bound_a_window_is_null_and_says_so(bench, service, wait_until, audit):
    b = bench(partitions=1)
    options = {**b.options, "distinct-by": "data", "distinct-by-values-max": 2, "idle": "1h"}
    service("aggregator", options)
    b.produce([reading("a", i, data) for i, data in enumerate([1, 2, 1, 3, 1])])
    b.produce([reading("a", 16, 1), reading("a", 17, 1), reading("a", 60, 1)])
    wait_until(lambda: b.committed() == {0: 8}, "the commit", 30, 0.1)
    beyond, within = b.read(b.output)
    assert beyond.json()["average"] is None
    assert beyond.headers["weir-beyond-bound"] == "average"
    assert beyond.headers["weir-count"] == "4"
    assert within.json()["average"] == 1.0 and "weir-beyond-bound" not in within.headers
    assert audit(options)["filtered"] == 2
