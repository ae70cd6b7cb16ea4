#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""metrics_page.py [BIN]: prints docs/reference/metrics.md from what running services show.

It starts the air-quality system with brokers of its own and stops it again: `make docs`.
"""

import re
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "deploy" / "local")]

# Labels whose values are the system's, not the service's.
_values_vary = {"key", "service", "slot", "topic", "version"}

_head = """\
# Metrics

What every service serves at `/metrics` of its `--admin` address, in the Prometheus text format
0.0.4. Written by `make docs` from running services, their help texts included; do not edit.

Counters begin at 0 with the process. A label's values are given where a service shows several.
What to watch and when to worry: [deploy/monitoring](../../deploy/monitoring/README.md).
"""


@dataclass
class Family:
    """One metric: its type, its help, and {label: its values}."""
    kind: str = ""
    help: str = ""
    labels: dict = field(default_factory=dict)


def families(exposition):
    """{name: Family} of a text in the Prometheus format."""
    found = {}
    for line in exposition.splitlines():
        if line.startswith("# HELP "):
            _, _, name, text = line.split(" ", 3)
            found.setdefault(name, Family()).help = text
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ", 3)
            found.setdefault(name, Family()).kind = kind
        elif line:
            sample = re.match(r"([\w:]+)(?:\{(.*)\})? ", line)
            family = found.get(sample[1]) or found[re.sub(r"_(bucket|sum|count)$", "", sample[1])]
            for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', sample[2] or ""):
                if label != "le":
                    family.labels.setdefault(label, set()).add(value)
    return found


def page(expositions):
    """The page, of {service: exposition}."""
    services = {name: families(text) for name, text in sorted(expositions.items())}
    everywhere = set.intersection(*map(set, services.values()))
    everywhere = {name for name in everywhere
                  if len({shown[name].help for shown in services.values()}) == 1}
    first = next(iter(services.values()))
    common = {name: first[name] for name in everywhere}
    parts = [_head, _section("Every service", common, with_values=False)]
    for service, shown in services.items():
        own = {name: family for name, family in shown.items() if name not in everywhere}
        conditions = shown["weir_condition_met"].labels["condition"]
        needs = "Ready when met: " + ", ".join(f"`{each}`" for each in sorted(conditions)) + "."
        parts.append(_section(service, own, needs))
    return "\n".join(parts)


def _section(title, shown, text=None, with_values=True):
    lines = [f"## {title}", "", *([text, ""] if text else []),
             "| Metric | Type | Labels | Meaning |", "|---|---|---|---|"]
    for name, family in sorted(shown.items()):
        labels = "; ".join(_label(label, values if with_values else ())
                           for label, values in sorted(family.labels.items()))
        lines.append(f"| `{name}` | {family.kind} | {labels} | {family.help} |")
    return "\n".join(lines) + "\n"


def _label(label, values):
    if label in _values_vary or len(values) < 2:
        return f"`{label}`"
    return f"`{label}`: " + ", ".join(f"`{value}`" for value in sorted(values))


def main():
    from watched import Watched
    binaries = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "release" / "bin"
    with tempfile.TemporaryDirectory() as folder:
        system = Watched(folder, binaries)
        try:
            print(page(system.start().exposition()), end="")
        finally:
            system.stop()


if __name__ == "__main__":
    main()
