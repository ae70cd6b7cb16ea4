# SPDX-License-Identifier: Apache-2.0
"""Which figures count, their medians, and whether they are what is wanted."""

from statistics import median

FIGURES = ("rate", "steady_rate", "cpu_per_million", "peak_mb", "first_result_s")


def right(run):
    """Whether the oracle agreed. Results that count some late readings are right for systems whose
    clock is not that of the partition: it is coarser, and lets them in."""
    verdict = run.get("verdict")
    if verdict is None:
        return run["system"].startswith("consume")
    lax = run["system"].startswith(("spark", "flink"))
    faults = ("wrong", "missing", "duplicate") + (() if lax else ("with_late",))
    return verdict["expected"] > 0 and not any(verdict[fault] for fault in faults)


def medians(runs):
    """{input: {system: {figure: value}}} of the runs that are right."""
    found = {}
    for run in runs:
        if not right(run):
            continue
        row = found.setdefault(run["input"], {}).setdefault(run["system"], {})
        for figure in FIGURES:
            if run.get(figure) is not None:
                row.setdefault(figure, []).append(run[figure])
    return {name: {system: {figure: median(values) for figure, values in row.items()}
                   for system, row in rows.items()} for name, rows in found.items()}
