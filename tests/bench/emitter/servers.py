# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured, and the clients that load them."""

import itertools
import json
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from weir_local.service import Announcer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BIN = Path(os.environ.get("WEIR_BIN") or ROOT / "build" / "release" / "bin")
COMMANDS = {
    "floor": [BIN / "socketio-floor"],
    "weir": [BIN / "socketio-broadcaster"],
    "node": [shutil.which("node") or "node", HERE / "broadcaster.mjs"],
    "python": ["/usr/bin/python3", HERE / "broadcaster.py"]}

_numbers = itertools.count(1)


@contextmanager
def running(name, folder):
    """A new process of that server, as (port, pid)."""
    process = Announcer(f"{name}-{next(_numbers)}", COMMANDS[name], folder,
                        r"^listening on \d+$").start().wait_ready()
    try:
        yield int(re.search(r"listening on (\d+)", process.log_text())[1]), process.pid
        assert process.running, f"{name} ended\n{process.log_tail()}"
    finally:
        process.kill()


def load_command(measure, port, pid, **settings):
    words = {"port": port, "pid": pid, **settings}
    return [BIN / "socketio-load", measure, *(f"{key}={value}" for key, value in words.items())]


def load(measure, port, pid, **settings):
    """What tests/tools/socketio-load measured. Errors: AssertionError with its words."""
    done = subprocess.run(load_command(measure, port, pid, **settings), capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
