# SPDX-License-Identifier: Apache-2.0
"""The report as text."""

TITLES = {"floor": "floor", "weir": "Weir", "node": "socket.io", "python": "python-socketio"}


def table(figures, judgements):
    names = [name for name in TITLES if any(name in row for row in figures.values())]
    lines = [f"{'':<52}" + "".join(f"{TITLES[name]:>18}" for name in names)]
    for figure, row in figures.items():
        lines.append(f"{figure:<52}" + "".join(f"{cell(row, name):>18}" for name in names))
    lines += ["", f"{'wanted':<72}{'found':>9}{'limit':>9}"]
    lines += [f"{one.what:<72}{one.value:>9.3g}{one.limit:>9g}  {'met' if one.met else 'MISSED'}"
              for one in judgements]
    return "\n".join(lines)


def cell(row, name):
    """A figure, and that of another server as a multiple of ours."""
    if name not in row:
        return ""
    if name == "weir" or not row.get("weir"):
        return f"{row[name]:.4g}"
    return f"{row[name]:.4g} ({row[name] / row['weir']:.2g}x)"
