# SPDX-License-Identifier: Apache-2.0
"""The report as text."""

TITLES = {"weir": "Weir", "memory": "Streams, memory", "rocksdb": "Streams, RocksDB"}


def table(report):
    """One table a phase: each system's figures, and those of the others as multiples of Weir's."""
    parts = [f"seed {report['seed']}, session {report['session_ms'] / 1000:g} s,"
             f" {report['cores']} cores; {report['kills']} kills, {report['rounds']} rounds,"
             f" {report['trials']} starts with {report['devices'] * report['seconds']:,} windows"
             f" of {report['readings']} readings"]
    for phase, systems in report["phases"].items():
        lines = [f"{phase:<58}" + "".join(f"{TITLES[name]:>20}" for name in systems)]
        for label in next(iter(systems.values()))["figures"]:
            own = systems.get("weir", {}).get("figures", {}).get(label)
            lines.append(f"  {label:<56}" + "".join(
                f"{cell(one['figures'][label], own if name != 'weir' else None):>20}"
                for name, one in systems.items()))
        lines += [f"  {what:<56}" + "".join(f"{one['verdict'][what]:>20,}"
                                            for one in systems.values())
                  for what in ("expected", "missing", "duplicate", "wrong", "unknown")]
        lines.append(f"  {'verdict':<56}" + "".join(f"{verdict(one):>20}"
                                                    for one in systems.values()))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def cell(value, own):
    if not own:
        return f"{value:.2f}"
    return f"{value:.2f} ({value / own:.1f}x)"


def verdict(one):
    if not one["counts"]:
        return "NOT COUNTED"
    return "exact" if one["verdict"]["exact"] else "exact but for late"
