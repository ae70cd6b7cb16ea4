# SPDX-License-Identifier: Apache-2.0
"""Goal: only figures of right results count. Method: verdicts and figures made up."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def module(name):
    """Loaded by its path: other rooms have modules of the same names."""
    spec = importlib.util.spec_from_file_location(f"aggregator_{name}", HERE / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


judge = module("judge")
RIGHT = {"expected": 9, "found": 9, "exact": 9, "with_late": 0, "wrong": 0, "missing": 0,
         "duplicate": 0}


def run(system="weir", rate=1.0, **verdict):
    return {"input": "ten", "system": system, "rate": rate, "verdict": {**RIGHT, **verdict}}


def test_results_as_expected_are_right():
    assert judge.right(run())


@pytest.mark.parametrize("fault", [{"wrong": 1}, {"missing": 1}, {"duplicate": 1},
                                   {"with_late": 1}, {"expected": 0}])
def test_each_fault_is_seen(fault):
    assert not judge.right(run(**fault))


def test_late_readings_may_count_where_the_clock_is_coarser():
    assert judge.right(run("spark", with_late=1))
    assert not judge.right(run("spark", wrong=1))
    assert not judge.right(run("streams-memory", with_late=1))


def test_only_what_writes_nothing_needs_no_verdict():
    assert judge.right({"input": "ten", "system": "consume-1", "rate": 1.0})
    assert not judge.right({"input": "ten", "system": "means-1", "rate": 1.0})


def test_the_middle_of_the_right_runs_counts():
    runs = [run(rate=1.0), run(rate=5.0), run(rate=3.0), run(rate=99.0, wrong=1)]
    assert judge.medians(runs) == {"ten": {"weir": {"rate": 3.0}}}


def test_the_table_says_what_is_not_right():
    sys.modules["judge"] = judge  # as table.py names it
    try:
        text = module("table").table([run(rate=7.0), run("means-2", rate=8.0, missing=2)])
    finally:
        del sys.modules["judge"]
    assert "NOT RIGHT: ten, means-2" in text
    assert "7" in text
