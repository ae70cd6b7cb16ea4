# SPDX-License-Identifier: Apache-2.0
"""The inputs, and their right answers: made once in a run, read by every system."""

import json
import subprocess
from dataclasses import dataclass

from support import create_topic
from systems import BIN

PARTITIONS = 4
WINDOW_S = 15


@dataclass(frozen=True)
class Input:
    name: str
    readings: int
    devices: int
    seconds: int      # of event time
    grace_s: int = 5
    # Set once it is made.
    results: int = 0
    answers: str = ""  # the oracle's file

    @property
    def topic(self):
        return f"input-{self.name}"


def make(one, servers, folder):
    """Writes the topic and works out its answers."""
    create_topic(servers, one.topic, PARTITIONS)
    written = last_line([BIN / "bench-readings", servers, one.topic, PARTITIONS, one.readings,
                         one.devices, one.seconds])
    assert written == {"delivered": one.readings + PARTITIONS, "failed": 0}, written
    file = folder / f"{one.name}.answers"
    found = last_line([BIN / "bench-oracle", "answers", servers, one.topic, WINDOW_S, one.grace_s,
                       file])
    assert found["readings"] == one.readings, found
    return Input(one.name, one.readings, one.devices, one.seconds, one.grace_s, found["results"],
                 str(file))


def last_line(command):
    """What a tool says in its last line of JSON. Errors: AssertionError with its words."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])
