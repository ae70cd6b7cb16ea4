# SPDX-License-Identifier: Apache-2.0
"""From what single rounds gave to medians, ratios, and what was wanted. Pure.

A result is {"measure": NAME, "contender": NAME, "round": N, "figures": {LABEL: NUMBER}}.
"""

import math
from dataclasses import dataclass
from statistics import median

OURS = "weir"
TITLES = {"weir": "mqtt-bridge", "own": "counter", "paho": "counter, paho", "python": "Python"}
HEADINGS = {"live": "live: one publisher at full rate", "drain": "drain of a backlog",
            "latency": "from MQTT to a consumer of Kafka", "outage": "memory without Kafka"}
# Not figures but whether they count.
JUDGED = ("missing", "twice")


@dataclass(frozen=True)
class Target:
    """A figure of ours, or its multiple of that of `base`, and what is wanted of it."""

    what: str
    measure: str
    label: str
    least: float = -math.inf
    most: float = math.inf
    base: str = ""


TARGETS = (
    Target("live: rate of the counter", "live", "messages/s", least=0.95, base="own"),
    Target("live: rate of the counter with paho", "live", "messages/s", least=0.95, base="paho"),
    Target("live: CPU s/million", "live", "CPU s/million", most=4),
    Target("drain: messages/s", "drain", "messages/s", least=100_000),
    Target("outage: MB without Kafka", "outage", "MB without Kafka", most=30),
)


def percentile(values, share):
    """The least of `values` that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def order(contenders, number):
    """Round after round the other way about, so that none always comes first."""
    return list(contenders) if number % 2 == 0 else list(reversed(contenders))


def of(results, measure, contender, label):
    """{round: figure}"""
    return {one["round"]: one["figures"][label] for one in results
            if one["measure"] == measure and one["contender"] == contender
            and label in one["figures"]}


def middle(results, measure, contender, label):
    """The median over the rounds; None if there is none."""
    values = of(results, measure, contender, label).values()
    return median(values) if values else None


def ratio(results, measure, label, contender, base):
    """The median of the ratios within each round: a machine's speed changes between rounds. None
    if no round has both."""
    mine, theirs = (of(results, measure, name, label) for name in (contender, base))
    both = [mine[number] / theirs[number] for number in mine if theirs.get(number)]
    return median(both) if both else None


def judged(results, targets=TARGETS):
    """[(target, value, whether it is met)] of the targets that were measured."""
    answers = []
    for target in targets:
        value = ratio(results, target.measure, target.label, OURS, target.base) if target.base \
            else middle(results, target.measure, OURS, target.label)
        if value is not None:
            answers.append((target, value, target.least <= value <= target.most))
    return answers


def counts(results):
    """Whether every message of ours was there, once: no fault was made."""
    return all(one["figures"].get(label, 0) == 0 for one in results
               if one["contender"] == OURS for label in JUDGED)


def table(results):
    """One table a measure, the ratios to ours beside the figures, and the targets."""
    parts = []
    for measure, heading in HEADINGS.items():
        names = list(dict.fromkeys(one["contender"] for one in results
                                   if one["measure"] == measure))
        if not names:
            continue
        names.sort(key=list(TITLES).index)
        labels = dict.fromkeys(label for one in results if one["measure"] == measure
                               for label in one["figures"])
        lines = [f"{heading:<36}" + "".join(f"{TITLES[name]:>22}" for name in names)]
        lines += [f"  {label:<34}" + "".join(f"{_cell(results, measure, name, label):>22}"
                                             for name in names) for label in labels]
        parts.append("\n".join(lines))
    lines = [f"{'wanted':<48}{'found':>12}"]
    for target, value, met in judged(results):
        wanted = f"at least {target.least:,g}" if target.most == math.inf \
            else f"at most {target.most:,g}"
        lines.append(f"  {target.what + ', ' + wanted:<46}{_number(value):>12}"
                     f"  {'met' if met else 'MISSED'}")
    return "\n\n".join([*parts, "\n".join(lines)])


def _cell(results, measure, name, label):
    value = middle(results, measure, name, label)
    if value is None:
        return ""
    times = None if name == OURS or label in JUDGED \
        else ratio(results, measure, label, name, OURS)
    return _number(value) + (f" ({times:.2f}x)" if times else "")


def _number(value):
    return f"{value:,.0f}" if value >= 1_000 or value == int(value) else f"{value:.2f}"
