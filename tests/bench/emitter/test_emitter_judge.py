# SPDX-License-Identifier: Apache-2.0
"""Goal: medians, ratios and verdicts are what the README says. Method: figures made up."""

import importlib.util
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def module(name):
    """Loaded by its path: other rooms have modules of the same names."""
    spec = importlib.util.spec_from_file_location(f"emitter_{name}", HERE / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


judge, table = module("judge"), module("table")
FLOOD = "flood, 1000 clients: CPU a million, s"


def verdicts(figures):
    return {one.what: (pytest.approx(one.value), one.met) for one in judge.judge(figures)}


def test_the_middle_of_the_rounds_counts():
    rounds = [{FLOOD: {"weir": 3.0, "node": 9.0}}, {FLOOD: {"weir": 1.0}}, {FLOOD: {"weir": 2.0}},
              {"other": {"weir": 5.0}}]
    assert judge.medians(rounds) == {FLOOD: {"weir": 2.0, "node": 9.0}, "other": {"weir": 5.0}}


def test_a_ratio_is_ours_to_theirs():
    assert verdicts({FLOOD: {"weir": 3.0, "floor": 2.0, "node": 10.0}}) == {
        f"{FLOOD} to floor": (1.5, False), f"{FLOOD} to node": (0.3, True)}
    assert verdicts({FLOOD: {"weir": 2.6, "floor": 2.0}}) == {f"{FLOOD} to floor": (1.3, True)}


@pytest.mark.parametrize("figure, at_most", [
    ("10000 clients connect, s", 1.0), ("2000 idle clients: memory of one, KiB", 6.0),
    ("Kafka to 1000 clients, p99, ms", 20.0)])
def test_some_figures_stand_for_themselves(figure, at_most):
    assert verdicts({figure: {"weir": at_most, "node": 99.0}}) == {figure: (at_most, True)}
    assert verdicts({figure: {"weir": at_most * 1.1}}) == {figure: (at_most * 1.1, False)}


@pytest.mark.parametrize("after, met", [(95.0, True), (94.0, False), (120.0, True)])
def test_stalled_clients_may_cost_the_others_five_percent(after, met):
    figures = {"900 clients after 100 stalled ones: deliveries/s": {"weir": after},
               "900 clients while 100 stalled ones fill up: deliveries/s": {"weir": 1.0},
               "900 clients alone: deliveries/s": {"weir": 100.0}}
    assert list(verdicts(figures).values()) == [(after / 100, met)]


@pytest.mark.parametrize("most, met", [(10.4, True), (10.6, False)])
def test_memory_must_stay_where_it_was_after_two_crowds(most, met):
    figures = {"memory after two crowds, MiB": {"weir": 10.0},
               "most after any of 8 more, MiB": {"weir": most}}
    assert list(verdicts(figures).values()) == [(most / 10, met)]


@pytest.mark.parametrize("figure, at_most", [("large events to 1000 clients{}, p99, ms", 1.2),
                                             ("memory with large events to 1000 clients{}, MiB",
                                              1.05)])
def test_a_slow_client_may_cost_the_others_little(figure, at_most):
    for ratio, met in ((at_most * 0.99, True), (at_most * 1.01, False)):
        figures = {figure.format(""): {"weir": 10.0},
                   figure.format(" and a slow one"): {"weir": 10.0 * ratio}}
        assert list(verdicts(figures).values()) == [(ratio, met)]


def test_what_was_not_measured_is_not_judged():
    assert verdicts({FLOOD: {"floor": 2.0, "node": 9.0}, "another": {"weir": 1.0}}) == {}


def test_the_table_has_each_figure_and_the_others_as_multiples_of_ours():
    figures = {FLOOD: {"weir": 2.0, "floor": 1.0, "node": 9.0}}
    text = table.table(figures, judge.judge(figures))
    assert "2 " in text and "1 (0.5x)" in text and "9 (4.5x)" in text
    assert text.count("MISSED") == 1 and text.count("met") == 1
