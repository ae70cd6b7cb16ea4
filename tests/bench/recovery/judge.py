# SPDX-License-Identifier: Apache-2.0
"""What a system must have written, worked out from the input alone, and whether it has.

The rules are those of docs/decisions/0002, which Kafka Streams shares: each partition has a clock,
the greatest time of a reading less the grace; a window closes when it reaches the window's end.
"""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import lru_cache

AHEAD_MAX_MS = 3_600_000  # --max-ahead


@dataclass
class Verdict:
    """`exact`: every result once and right, and nothing else. `accounted`: as many late and dead
    records as there had to be, which Kafka Streams has no topics for.

    `by_late` are those of duplicate, wrong and unknown whose window a late reading was for. Kafka
    Streams takes such a reading after a crash, since its clock begins anew, and writes the window
    again; `held` says that nothing worse happened.
    """

    expected: int = 0
    found: int = 0
    missing: int = 0
    duplicate: int = 0  # there again
    wrong: int = 0      # another mean
    unknown: int = 0    # of no window that has closed
    by_late: int = 0
    late: tuple = (0, 0)  # expected, found
    dead: tuple = (0, 0)

    @property
    def held(self):
        return self.missing == 0 and \
            self.duplicate + self.wrong + self.unknown == self.by_late

    @property
    def exact(self):
        return self.held and self.by_late == 0

    @property
    def accounted(self):
        return self.late[0] == self.late[1] and self.dead[0] == self.dead[1]

    def counts(self):
        return {**asdict(self), "exact": self.exact, "held": self.held,
                "accounted": self.accounted}


class Oracle:
    """Takes the input message by message, within a partition in order."""

    def __init__(self, window_ms, grace_ms):
        self._window_ms, self._grace_ms = window_ms, grace_ms
        self._clocks = {}   # partition -> ms
        self._windows = {}  # (device, start) -> [partition, count, sum]
        self._late_for = set()
        self.late = self.dead = 0

    def take(self, partition, value, produced_ms):
        reading = parse(value, produced_ms)
        if reading is None:
            self.dead += 1
            return
        device, time_ms, data = reading
        clock = self._clocks.get(partition, -1 << 62)
        start = time_ms - time_ms % self._window_ms
        if start + self._window_ms <= clock:
            self.late += 1
            self._late_for.add((device, start))
            return
        window = self._windows.setdefault((device, start), [partition, 0, 0.0])
        if data is not None:
            window[1] += 1
            window[2] += data
        self._clocks[partition] = max(clock, time_ms - self._grace_ms)

    def results(self):
        """{(device, start): mean or None} of the windows that have closed."""
        return {key: total / count if count else None
                for key, (partition, count, total) in self._windows.items()
                if key[1] + self._window_ms <= self._clocks[partition]}

    def compare(self, rows):
        """The Verdict about `rows`, the values of the results; late and dead are left open."""
        verdict, expected, seen = Verdict(), self.results(), Counter()
        verdict.expected = len(expected)
        for value in rows:
            row = json.loads(value)
            key = row["device_name"], _second_ms(row["window"]["start"][:19]) \
                + int(row["window"]["start"][20:23])
            seen[key] += 1
            verdict.found += 1
            fault = "unknown" if key not in expected else \
                "duplicate" if seen[key] > 1 else \
                "wrong" if row["mean"] != expected[key] else None
            if fault:
                setattr(verdict, fault, getattr(verdict, fault) + 1)
                verdict.by_late += key in self._late_for
        verdict.missing = sum(key not in seen for key in expected)
        return verdict


def parse(value, produced_ms):
    """(device, time in ms, data or None) of what is a reading by the aggregator's README."""
    try:
        record = json.loads(value, parse_constant=_refuse)
        device, data, time_ms = record["device_name"], record["data"], \
            _second_ms(record["timestamp"][:19]) + int(record["timestamp"][20:23])
    except (ValueError, KeyError):
        return None
    number = data is None or type(data) in (int, float)
    return (device, time_ms, data) if number and 0 <= time_ms <= produced_ms + AHEAD_MAX_MS \
        else None


def _refuse(constant):
    raise ValueError(f"{constant} is no JSON")


@lru_cache(maxsize=100_000)
def _second_ms(text):
    moment = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
    return int(moment.timestamp()) * 1000
