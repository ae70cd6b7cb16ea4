# SPDX-License-Identifier: Apache-2.0
"""Goal: medians, ratios and verdicts are what the README says. Method: results of a few rounds
whose figures are known, and the packets of the publisher read as a broker reads them."""

import json

import pytest
from figures import (Target, counts, judged, middle, order, percentile, ratio, table)
from load import packet


def result(contender, number, rate, measure="live", **more):
    return {"measure": measure, "contender": contender, "round": number,
            "figures": {"messages/s": rate, **more}}


# The machine was at half its speed in the second round.
ROUNDS = [result("weir", 0, 90), result("own", 0, 100), result("weir", 1, 50),
          result("own", 1, 50), result("weir", 2, 98), result("own", 2, 100)]


def test_a_ratio_is_of_rounds_and_not_of_medians():
    assert middle(ROUNDS, "live", "weir", "messages/s") == 90
    assert middle(ROUNDS, "live", "own", "messages/s") == 100
    assert ratio(ROUNDS, "live", "messages/s", "weir", "own") == pytest.approx(0.98)


def test_rounds_without_both_do_not_count_for_a_ratio():
    lonely = [*ROUNDS, result("weir", 3, 1), result("weir", 4, 1), result("weir", 5, 1)]
    assert ratio(lonely, "live", "messages/s", "weir", "own") == pytest.approx(0.98)
    assert ratio(lonely, "live", "messages/s", "weir", "paho") is None
    assert middle(lonely, "drain", "weir", "messages/s") is None


@pytest.mark.parametrize("target, met", [
    (Target("", "live", "messages/s", least=0.95, base="own"), True),
    (Target("", "live", "messages/s", least=0.99, base="own"), False),
    (Target("", "live", "messages/s", least=90), True),
    (Target("", "live", "messages/s", least=91), False),
    (Target("", "live", "messages/s", most=90), True),
    (Target("", "live", "messages/s", most=89), False)])
def test_a_target_is_met_or_missed(target, met):
    (answer,) = judged(ROUNDS, [target])
    assert answer[2] is met


def test_a_target_that_was_not_measured_has_no_verdict():
    assert judged(ROUNDS, [Target("", "drain", "messages/s", least=1)]) == []
    assert [target.base for target, *_ in judged(ROUNDS)] == ["own"]
    assert "MISSED" not in table(ROUNDS)
    assert "MISSED" in table([*ROUNDS, result("weir", 0, 99_999, "drain")])


def test_a_message_that_is_missing_or_there_twice_is_seen():
    good = [result("weir", 0, 9, missing=0, twice=0), result("python", 0, 9, missing=5, twice=0)]
    assert counts(good)
    assert not counts([*good, result("weir", 1, 9, missing=1, twice=0)])
    assert not counts([*good, result("weir", 1, 9, missing=0, twice=1)])


def test_percentiles_are_values_that_occurred():
    values = list(range(100, 0, -1))
    assert (percentile(values, 0.5), percentile(values, 0.99)) == (50, 99)
    assert percentile([7], 0.5) == percentile([7], 0.99) == 7


def test_nobody_comes_first_in_every_round():
    assert [order("abc", number) for number in range(3)] == [list("abc"), list("cba"), list("abc")]


def test_the_publisher_writes_packets_as_the_standard_has_them():
    whole = packet(65_536, 10**18)
    assert whole[0] == 0x32  # PUBLISH, QoS 1
    assert whole[1] == len(whole) - 2 < 0x80
    topic, after = whole[4:4 + whole[3]], 4 + whole[3]
    assert topic == b"bench/d6"
    assert whole[after:after + 2] == b"\0\2"  # ids begin again at 1 and are never 0
    assert json.loads(whole[after + 2:])["data"] == 65_536
