# SPDX-License-Identifier: Apache-2.0
"""Windows of every kind, and a stream of readings that gives all of them something to do."""

import json
import random
import threading
import time
from datetime import timedelta

from aggregator_bench import START
from window_oracle import Windows

KINDS = {
    "tumbling": (Windows("tumbling", 15, 5, accept_late=30), {"window": "15s"}),
    "hopping": (Windows("hopping", 12, 5, every=4, accept_late=30),
                {"window": "12s", "every": "4s"}),
    "sliding": (Windows("sliding", 2, 5, accept_late=10), {"window": "2s", "sliding": True}),
    "session": (Windows("session", 0.5, 5, accept_late=30), {"session-gap": "500ms"}),
}


def readings(count, seed):
    """100 readings in a second of event time from 20 devices, two seconds of disorder, some up to a
    minute late. Values are quarters: their sums are exact in every order."""
    dice = random.Random(seed)
    for i in range(count):
        seconds = i / 100 + dice.uniform(-2, 0) + 3
        if dice.random() < 0.03:
            seconds = max(0.0, seconds - dice.uniform(5, 60))
        moment = START + timedelta(seconds=round(seconds, 6))
        device = f"device{dice.randrange(20)}"
        value = {"timestamp": moment.isoformat(" "), "device_name": device,
                 "data": dice.randrange(4000) / 4, "state": dice.choice(["on", "off", "idle"])}
        yield device, json.dumps(value, separators=(",", ":"))


def with_repeats(stream, seed, share=0.2, restamped=0.4):
    """The readings, each with a number of its own, `seq`; and in between some of the last ones once
    more, as they were or with the time of now, as a bridge gives it to a message without one."""
    dice = random.Random(seed)
    recent = []
    for seq, (device, text) in enumerate(stream):
        value = {**json.loads(text), "seq": seq}
        recent = [*recent[-60:], (device, value)]
        yield device, json.dumps(value, separators=(",", ":"))
        while dice.random() < share:
            device, again = dice.choice(recent)
            if dice.random() < restamped:
                again = {**again, "timestamp": value["timestamp"]}
            yield device, json.dumps(again, separators=(",", ":"))


class Stream(threading.Thread):
    """Writes the readings over some seconds; `change` makes others of them."""

    def __init__(self, bench, count, seconds, seed, change=lambda stream: stream):
        super().__init__(daemon=True)
        self._bench, self._count, self._seconds, self._seed = bench, count, seconds, seed
        self._change = change

    def run(self):
        rest = self._change(readings(self._count, self._seed))
        portions = int(self._seconds * 20)
        for _ in range(portions):
            began = time.monotonic()
            self._bench.produce(r for _, r in zip(range(self._count // portions), rest))
            time.sleep(max(0.0, self._seconds / portions - (time.monotonic() - began)))
        self._bench.produce(rest)
