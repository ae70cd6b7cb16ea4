# SPDX-License-Identifier: Apache-2.0
"""Outages of an MQTT broker under clients that must not lose anything by them.

What a crash of the broker loses of what it has accepted is the broker's promise, not its clients'.
So it crashes when it has handed on all it had, and has saved who its subscribers are: SAVING.
"""

import signal
import time

from support import wait_until

# More configuration of the Mosquitto that crash() is for.
SAVING = "autosave_interval 1"
QUIET_S = 0.5


def crash(mosquitto, publisher, heard):
    """kill -9 of the broker. `heard` is the list of what its subscriber has got; `publisher` is
    frozen until nothing is on its way, and finds the broker dead and its last answers unread."""
    publisher.signal(signal.SIGSTOP)
    try:
        wait_quiet(heard)
        quiet, saved = time.time(), mosquitto.run_dir / mosquitto.name / "mosquitto.db"
        wait_until(lambda: saved.exists() and saved.stat().st_mtime > quiet, "save of the sessions")
        mosquitto.kill()
    finally:
        publisher.signal(signal.SIGCONT)


def wait_quiet(heard):
    """Until nothing has come for a while."""
    count, since = len(heard), time.monotonic()

    def quiet():
        nonlocal count, since
        if len(heard) != count:
            count, since = len(heard), time.monotonic()
        return time.monotonic() > since + QUIET_S
    wait_until(quiet, "quiet")


def first_in_order(values):
    """The first occurrence of each, in the order of arrival."""
    return list(dict.fromkeys(values))
