# SPDX-License-Identifier: Apache-2.0
"""Goal: windows of every kind are exact on real Kafka, once each, with their revisions, while the
aggregator is killed. Method: a random stream with a printed seed, kill -9 in the middle of it again
and again, and an oracle that has only seen the input; then each row once more from the offsets it
names."""

import oracle
import pytest
import window_oracle
from kills import exact_rows, identity, kill_through, result_of
from streams import KINDS, Stream
from window_oracle import COLUMNS

SEED = 20241109


@pytest.mark.parametrize("kind", KINDS)
def test_kill_nine_in_the_middle(quick_bench, service, kind):
    print(f"seed {SEED}")
    windows, options = KINDS[kind]
    b = quick_bench(partitions=3)
    stream = Stream(b, count=6_000, seconds=5.0, seed=SEED)
    aggregator = service("aggregator", {
        **b.options, **options, "grace": "5s", "accept-late": f"{windows.accept_late}s",
        "aggregate": COLUMNS, "round": None, "commit-linger": "10ms"})
    kill_through(stream, aggregator, b, SEED)
    rows = exact_rows(b, windows)
    assert sum(int(row.headers["weir-revision"]) > 0 for row in rows) >= 10
    gap = windows.size if kind == "session" else 0
    assert_each_row_follows_from_its_offsets(b, rows, int(gap * 1_000_000))


def assert_each_row_follows_from_its_offsets(bench, rows, gap):
    """The records of the row's key and window between the offsets it names are what it is of; the
    last record of a session is a gap before its end."""
    records = {}
    for record in bench.read(bench.input):
        value = record.json()
        records.setdefault((record.partition, value["device_name"]), []).append(
            (oracle.event_time(value), record.offset, value))
    for row in rows:
        place, offsets = row.headers["weir-source"].rsplit(":", 1)
        first, last = map(int, offsets.split("-"))
        start, end = (oracle.event_time({"timestamp": text})
                      for text in row.headers["weir-window"].split("/"))
        until = end - gap if gap else end - 1
        own = [r for r in records[int(place.rsplit("/", 1)[1]), row.key]
               if first <= r[1] <= last and start <= r[0] <= until]
        assert result_of(row)[0] == window_oracle.columns(own), identity(row)


def test_several_key_fields_are_a_key(quick_bench, service, wait_until):
    b = quick_bench(partitions=1)
    b.produce([("a", f'{{"t":{1728302400 + i},"id":"a","room":"{room}","v":{i}}}')
               for i, room in enumerate(["x", "y", "x"])])
    aggregator = service("aggregator", {**b.options, "key": ["id", "room"], "time": "t",
                                        "aggregate": "n=count()", "idle": "500ms"})
    wait_until(lambda: len(b.read(b.output)) == 2, "two results", 30, 0.1)
    first, second = b.read(b.output)
    assert (first.key, second.key) == ('["a","x"]', '["a","y"]')
    assert [list(r.json().items())[:2] for r in (first, second)] == [
        [("id", "a"), ("room", "x")], [("id", "a"), ("room", "y")]]
    assert [r.json()["n"] for r in (first, second)] == [2, 1]
    assert aggregator.metrics()["weir_scattered_records_total"] == 0


def test_beyond_its_bound_a_percentile_is_null_and_named(quick_bench, service, wait_until):
    b = quick_bench(partitions=1)
    b.produce([("a", f'{{"t":{1728302400 + i},"id":"a","v":{i}}}') for i in range(4)])
    service("aggregator", {**b.options, "key": "id", "time": "t", "idle": "500ms",
                           "aggregate": ["p=p95(v)", "d=distinct(v:double)", "m=mean(v)"],
                           "percentile-values-max": 3, "distinct-values-max": 4})
    wait_until(lambda: b.read(b.output), "the result", 30, 0.1)
    [row] = b.read(b.output)
    assert (row.json()["p"], row.json()["d"], row.json()["m"]) == (None, 4, 1.5)
    assert row.headers["weir-beyond-bound"] == "p"
