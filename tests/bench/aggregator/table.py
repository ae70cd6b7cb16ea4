# SPDX-License-Identifier: Apache-2.0
"""The report as text."""

from judge import medians, right

COLUMNS = (("rate", "readings/s", "{:,.0f}"), ("steady_rate", "steady", "{:,.0f}"),
           ("cpu_per_million", "CPU s/million", "{:.3f}"), ("peak_mb", "peak MB", "{:,.0f}"),
           ("first_result_s", "first result s", "{:.2f}"))


def table(runs):
    lines = []
    for name, rows in medians(runs).items():
        lines.append(f"{name:32}" + "".join(f"{title:>16}" for _, title, _ in COLUMNS)
                     + f"{'CPU to means-2':>16}")
        base = rows.get("means-2", {}).get("cpu_per_million")
        for system, row in rows.items():
            cells = [form.format(row[figure]) if figure in row else ""
                     for figure, _, form in COLUMNS]
            ratio = f"{row['cpu_per_million'] / base:.2f}x" if base else ""
            lines.append(f"  {system:30}" + "".join(f"{cell:>16}" for cell in [*cells, ratio]))
    for run in runs:
        if not right(run):
            lines.append(f"NOT RIGHT: {run['input']}, {run['system']}: {run.get('verdict')}")
    return "\n".join(lines)
