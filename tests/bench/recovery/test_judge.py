# SPDX-License-Identifier: Apache-2.0
"""Goal: what counts as a right result, and as a gap, is what the README says. Method: inputs of a
few readings whose results are known, results with one fault each, and times made up."""

import json
import struct

import pytest
from judge import Oracle
from watch import assigned, first_after_silence, longest_gap

PRODUCED_MS = 1_728_302_400_000  # 2024-10-07 12:00


def reading(second, data, device="a"):
    return json.dumps({"timestamp": f"2024-10-07 12:00:{second:02}.500000", "device_name": device,
                       "data": data}).encode()


def row(second, mean, device="a"):
    return json.dumps({"device_name": device, "window": {
        "start": f"2024-10-07T12:00:{second:02}.000Z", "end": ""}, "mean": mean})


@pytest.fixture
def oracle():
    """Windows of 2 s, 3 s of grace: the reading at 9.5 s closes what ends by 6.5 s, so that the
    one at 2.5 s is late. The other partition has a clock of its own."""
    oracle = Oracle(2_000, 3_000)
    for second, data in ((0, 1), (1, 2), (4, None), (9, 7), (2, 100)):
        oracle.take(0, reading(second, data), PRODUCED_MS)
    oracle.take(1, reading(2, 5, "b"), PRODUCED_MS)
    for broken in (b'{"broken', reading(1, "863"), reading(1, 1).replace(b"1}", b"NaN}"),
                   reading(1, 1).replace(b"2024", b"1969"), reading(1, 1).replace(b"2024", b"2222"),
                   reading(1, 1) + b"}", b'{"device_name":"a","data":1}'):
        oracle.take(0, broken, PRODUCED_MS)
    return oracle


RIGHT = [row(0, 1.5), row(4, None)]


def test_only_windows_that_closed_have_results(oracle):
    verdict = oracle.compare(RIGHT)
    assert verdict.exact and verdict.expected == verdict.found == 2
    assert (oracle.late, oracle.dead) == (1, 7)


@pytest.mark.parametrize("fault, rows", [
    ("missing", RIGHT[:1]), ("wrong", [row(0, 1.6), RIGHT[1]]), ("duplicate", RIGHT + RIGHT[:1]),
    ("unknown", RIGHT + [row(8, 7.0)]), ("unknown", RIGHT + [row(2, 5.0, "b")])])
def test_each_fault_is_seen_and_not_forgiven(oracle, fault, rows):
    verdict = oracle.compare(rows)
    assert getattr(verdict, fault) == 1 and not verdict.held and not verdict.exact


def test_a_result_of_a_late_reading_is_told_from_other_faults(oracle):
    verdict = oracle.compare(RIGHT + [row(2, 100.0)])
    assert verdict.held and not verdict.exact and verdict.by_late == verdict.unknown == 1


def test_late_and_dead_records_have_to_be_there(oracle):
    verdict = oracle.compare(RIGHT)
    verdict.late, verdict.dead = (1, 1), (7, 6)
    assert not verdict.accounted
    verdict.dead = (7, 7)
    assert verdict.accounted


def test_a_gap_counts_if_part_of_it_is_in_the_time_looked_at():
    times = [1.0, 1.2, 3.0, 3.1]
    assert longest_gap(times, 1.1, 3.2) == pytest.approx(1.8)
    assert longest_gap(times, 1.5, 3.2) == pytest.approx(1.8)
    assert longest_gap(times, 3.05, 9.1) == pytest.approx(6.0)
    assert longest_gap([], 1.0, 2.0) == 0.0


def test_what_was_under_way_is_no_result_after_silence():
    times = [1.0, 2.05, 2.1, 8.0, 8.2]
    assert first_after_silence(times, 2.06, 1.0) == 8.0
    assert first_after_silence(times[:3], 2.06, 1.0) is None


def test_an_assignment_is_read_from_the_bytes_of_the_group():
    def topic(name, *partitions):
        return struct.pack(f">h{len(name)}si{len(partitions)}i", len(name), name,
                           len(partitions), *partitions)
    deal = struct.pack(">hi", 1, 2) + topic(b"input", 3, 7) + topic(b"more", 1) + b"\0\0\0\0"
    assert assigned(deal) == {1, 3, 7}
    assert assigned(b"") == set()
