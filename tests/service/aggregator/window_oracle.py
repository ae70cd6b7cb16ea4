# SPDX-License-Identifier: Apache-2.0
"""What an aggregator with windows of any kind must write, worked out from its input.

Written from docs/decisions/0005 and not from the code: every window keeps its records, is looked at
after each one, and its values are worked out from the list."""

import math
from collections import defaultdict
from dataclasses import dataclass, field

import oracle

MS = 1000  # in microseconds, as all times here
NEVER = -(1 << 62)


@dataclass(frozen=True)
class Windows:
    """The options, in seconds."""

    kind: str
    size: float
    grace: float
    every: float = 0
    accept_late: float = 0
    distinct_by: str = ""  # a field; no place has more values of it than are kept


@dataclass
class Held:
    """A window of one key."""

    key: str
    start: int
    end: int
    closed: bool = False
    shown: int = 0
    last_repeated: int = -1  # of a session, the greatest offset before it closed
    waits_since: int | None = None  # the watermark when it changed after it had closed
    records: list = field(default_factory=list)  # those that were used: (time, offset, value)


class Partition:
    """One partition's windows; rows() after all records are its results in order."""

    def __init__(self, windows):
        self.kind = windows.kind
        self.size, self.every, self.grace, self.accept_late = (
            int(seconds * 1_000_000)
            for seconds in (windows.size, windows.every, windows.grace, windows.accept_late))
        self.step = self.every if self.kind == "hopping" else self.size
        # Records in one slice are in the same windows.
        self.slice = {"hopping": math.gcd(self.size, self.every), "sliding": MS}.get(
            self.kind, self.size)
        self.distinct_by = windows.distinct_by
        self.seen = set()  # of all but sessions: (key, slice, value)
        self.watermark = NEVER
        self.held = defaultdict(list)
        self.used = defaultdict(list)
        self.rows, self.late, self.repeated = [], [], []

    def take(self, key, time, offset, value):
        record = (time, offset, value)
        fate = {"tumbling": self._fixed, "hopping": self._fixed, "sliding": self._sliding,
                "session": self._session}[self.kind](key, record)
        if fate != "used":
            getattr(self, fate).append(offset)
        self._move(max(self.watermark, time - self.grace))

    def close(self):
        """The end of the topic, long ago by the clock."""
        ends = [w.end for w in self._all() if not w.closed]
        ends += [self._next_step(w.waits_since) for w in self._all() if w.waits_since is not None]
        self._move(max([self.watermark, *ends]))

    def _all(self):
        return [w for windows in self.held.values() for w in windows]

    def _forgotten(self, end):
        return end + self.accept_late <= self.watermark

    def _next_step(self, time):
        return (time // self.step + 1) * self.step

    def _changed(self, window):
        if window.closed and window.waits_since is None:
            window.waits_since = self.watermark

    def _window(self, key, start, end):
        for window in self.held[key]:
            if window.end == end and self.kind != "session":
                return window
        window = Held(key, start, end, closed=end <= self.watermark)
        self.held[key].append(window)
        return window

    def _repeats(self, key, record):
        if not self.distinct_by:
            return False
        name = (key, record[0] // self.slice, record[2][self.distinct_by])
        known = name in self.seen
        self.seen.add(name)
        return known

    def _repeats_in(self, records, record):
        field = self.distinct_by
        return field and record[2][field] in {value[field] for _, _, value in records}

    def _fixed(self, key, record):
        every = self.every if self.kind == "hopping" else self.size
        start = record[0] - record[0] % every
        if self._forgotten(start + self.size):
            return "late"
        if self._repeats(key, record):
            return "repeated"
        while start >= 0 and start + self.size > record[0]:
            if not self._forgotten(start + self.size):
                window = self._window(key, start, start + self.size)
                window.records.append(record)
                self._changed(window)
            start -= every
        return "used"

    def _sliding(self, key, record):
        time = record[0] // MS * MS
        if self._forgotten(time + MS):
            return "late"
        if self._repeats(key, record):
            return "repeated"
        self.used[key].append(record)
        for window in self.held[key]:
            if window.start <= record[0] < window.end:
                window.records.append(record)
                self._changed(window)
        self._define(key, max(0, time - self.size), time + MS)
        self._define(key, time + MS, time + self.size + 2 * MS)
        for other, _, _ in self.used[key]:
            other = other // MS * MS
            if other + MS <= record[0] < other + self.size + 2 * MS:
                self._define(key, other + MS, other + self.size + 2 * MS)
        lasting = self.watermark - self.accept_late - 2 * self.size - 4 * MS
        self.used[key] = [r for r in self.used[key] if r[0] > lasting]
        return "used"

    def _define(self, key, start, end):
        records = [r for r in self.used[key] if start <= r[0] < end]
        if self._forgotten(end) or not records or any(w.end == end for w in self.held[key]):
            return
        window = self._window(key, start, end)
        window.records = records
        self._changed(window)

    def _session(self, key, record):
        start, end = record[0], record[0] + self.size
        met = [w for w in self.held[key] if not w.closed and w.start < end and start < w.end]
        if not met:
            kept = [w for w in self.held[key]
                    if w.closed and w.start <= start <= w.end - self.size]
            if kept:
                window = max(kept, key=lambda w: w.end)
                if self._repeats_in(window.records, record):
                    return "repeated"
                window.records.append(record)
                self._changed(window)
                return "used"
            if end <= self.watermark:
                return "late"
        joined = Held(key, min([start, *(w.start for w in met)]),
                      max([end, *(w.end for w in met)]))
        joined.records = [r for w in met for r in w.records]
        joined.last_repeated = max([-1, *(w.last_repeated for w in met)])
        repeated = self._repeats_in(joined.records, record)
        if repeated:
            joined.last_repeated = record[1]
        else:
            joined.records.append(record)
        self.held[key] = [w for w in self.held[key] if w not in met] + [joined]
        return "repeated" if repeated else "used"

    def _move(self, to):
        if to == self.watermark:
            return
        self.watermark, rows = to, []
        for key in list(self.held):
            for w in self.held[key]:
                revised = w.waits_since is not None and (
                    self._next_step(w.waits_since) <= to or self._forgotten(w.end))
                if revised or (not w.closed and w.end <= to):
                    records = sorted(w.records, key=lambda r: r[1])
                    rows.append(Row(w.key, w.start, w.end, w.shown, records,
                                    max(records[-1][1], w.last_repeated)))
                    w.closed, w.waits_since, w.shown = True, None, w.shown + 1
            self.held[key] = [w for w in self.held[key] if not self._forgotten(w.end)]
        self.rows += sorted(rows, key=lambda row: (row.end, row.records[0][1]))


@dataclass
class Row:
    key: str
    start: int
    end: int
    revision: int
    records: list  # (time, offset, value) by offset
    last: int  # the offset it goes up to


def percentile(numbers, percent):
    numbers = sorted(numbers)
    place = percent / 100 * (len(numbers) - 1)
    below = math.floor(place)
    above = place - below
    if above == 0:
        return numbers[below]
    return numbers[below] * (1 - above) + numbers[below + 1] * above


def columns(records):
    """The values of COLUMNS over these records."""
    numbers = [value["data"] for _, _, value in records]
    by_time = sorted(records, key=lambda r: r[:2])
    return {"n": len(records), "mean": oracle.mean(numbers), "low": min(numbers),
            "high": max(numbers), "median": percentile(numbers, 50),
            "p90": percentile(numbers, 90), "first": by_time[0][2]["state"],
            "last": by_time[-1][2]["data"],
            "states": len({value["state"] for _, _, value in records})}


COLUMNS = ["n=count()", "mean=mean(data)", "low=min(data)", "high=max(data)",
           "median=median(data)", "p90=p90(data)", "first=first(state:string)",
           "last=last(data)", "states=distinct(state:string)"]


def expected(records, windows):
    """{partition: Partition} of input records by all the rules."""
    partitions = defaultdict(lambda: Partition(windows))
    for record in sorted(records, key=lambda r: (r.partition, r.offset)):
        value = record.json()
        partitions[record.partition].take(value["device_name"], oracle.event_time(value),
                                          record.offset, value)
    for partition in partitions.values():
        partition.close()
    return partitions
