# SPDX-License-Identifier: Apache-2.0
"""An aggregator that is killed while a stream comes, and what it must have written all the same, by
the oracle."""

import random
import time

import oracle
import window_oracle
from aggregator_bench import places
from support import wait_until


def kill_through(stream, aggregator, bench, seed):
    """kill -9 again and again until the stream is over; then until all of it is committed."""
    stream.start()
    dice, kills = random.Random(seed), 0
    while stream.is_alive():
        time.sleep(dice.uniform(0.2, 0.8))
        aggregator.kill()
        aggregator.start().wait_ready()
        kills += 1
    assert kills >= 3
    wait_until(lambda: bench.committed() == bench.ends(), "commit of the whole input", 60, 0.1)


def exact_rows(bench, windows):
    """The rows, once they are there: each once and as the oracle says, as are the late records."""
    expected, late = expected_results(bench, windows)
    wait_until(lambda: len(bench.read(bench.output)) >= len(expected), f"{len(expected)} rows", 60,
               0.2)
    rows = bench.read(bench.output)
    found = {identity(row): result_of(row) for row in rows}
    assert len(found) == len(rows), "a result was written twice"
    assert found.keys() == expected.keys()
    wrong = {name: (found[name], expected[name]) for name in expected
             if found[name] != expected[name]}
    assert not wrong, f"wrong (found, expected): {list(wrong.items())[:3]}"
    assert sorted(places(bench.read(bench.late))) == sorted(late) and late
    return rows


def identity(record):
    return (record.key, record.headers["weir-window"], int(record.headers["weir-revision"]))


def result_of(record):
    value = record.json()
    del value["device_name"], value["window"]
    return value, record.headers["weir-source"], record.headers["weir-count"]


def expected_results(bench, windows):
    """{identity: result} and the places of late records."""
    results, late = {}, set()
    for number, partition in window_oracle.expected(bench.read(bench.input), windows).items():
        late |= {(number, offset) for offset in partition.late}
        for row in partition.rows:
            window = f"{iso(row.start)}/{iso(row.end)}"
            source = f"{bench.input}/{number}:{row.records[0][1]}-{row.last}"
            name = (row.key, window, row.revision)
            assert name not in results
            results[name] = (window_oracle.columns(row.records), source, str(len(row.records)))
    return results, late


def iso(micros):
    """As results write times: microseconds where there are any."""
    text = oracle.iso(micros)
    return f"{text[:-1]}{micros % 1000:03d}Z" if micros % 1000 else text
