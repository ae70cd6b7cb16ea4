# SPDX-License-Identifier: Apache-2.0
"""The medians of all rounds, and whether they are what is wanted."""

import re
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Target:
    """`server`'s figure, or its ratio to another's, or to another figure, and what it may be."""

    figure: str  # a pattern: the numbers of clients differ from run to run
    most: float
    to: str = ""          # the server it is compared with
    to_figure: str = ""   # the figure it is compared with
    least: bool = False   # `most` is the least
    server: str = "weir"


TARGETS = (
    Target(r"flood, .*: CPU", 1.3, to="floor"),
    Target(r"flood, .*: CPU", 0.5, to="node"),
    Target(r"bursts of 16, .*: CPU", 0.08, to="node"),
    Target(r"10000 clients connect, s", 1.0),
    Target(r"idle clients: memory", 6.0),
    Target(r"after 100 stalled ones", 0.95, to_figure="900 clients alone", least=True),
    Target(r"most after any of", 1.05, to_figure="memory after two crowds"),
    Target(r"Kafka to .*, p99", 20.0),
    Target(r"large events to .* and a slow one, p99", 1.2,
           to_figure="large events to 1000 clients, p99"),
    Target(r"memory with large events to .* and a slow one", 1.05,
           to_figure="memory with large events to 1000 clients,"),
)


@dataclass(frozen=True)
class Judgement:
    what: str
    value: float
    limit: float
    met: bool


def medians(rounds):
    """{figure: {server: value}} of the middle of all rounds; `rounds` is a list of the same."""
    figures = {}
    for one in rounds:
        for figure, row in one.items():
            for server, value in row.items():
                figures.setdefault(figure, {}).setdefault(server, []).append(value)
    return {figure: {server: median(values) for server, values in row.items()}
            for figure, row in figures.items()}


def judge(figures):
    """What was measured of TARGETS. A target without its figures is left out."""
    for target in TARGETS:
        for figure, row in figures.items():
            if not re.search(target.figure, figure) or target.server not in row:
                continue
            other = _other(target, figures, row)
            if other is None:
                continue
            value = row[target.server] / other
            met = value >= target.most if target.least else value <= target.most
            against = target.to or target.to_figure
            yield Judgement(f"{figure}{' to ' + against if against else ''}", value, target.most,
                            met)


def _other(target, figures, row):
    if target.to:
        return row.get(target.to)
    if not target.to_figure:
        return 1.0
    return next((other[target.server] for figure, other in figures.items()
                 if target.to_figure in figure), None)
