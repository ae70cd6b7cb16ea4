# SPDX-License-Identifier: Apache-2.0
"""What a person who started everything wants to see of the services' logs."""

import re

_line = re.compile(r"^\S+Z (?P<level>debug|info |warn |error) \S+ (?P<rest>.*)$")


class Follower:
    """Reads what a process appends to its log file, and keeps the file within a limit.

    The processes write to files and not to a pipe, so a terminal that has stopped scrolling never
    stops a service.
    """

    def __init__(self, process, limit=8 << 20):
        self._process = process
        self._limit = limit
        self._position = process.log.stat().st_size if process.log.exists() else 0
        self._rest = b""

    def lines(self):
        """The whole lines written since the last call."""
        try:
            with open(self._process.log, "rb") as log:
                log.seek(self._position)
                data = log.read()
        except FileNotFoundError:
            return []
        self._position += len(data)
        if self._position > self._limit:
            self._process.rotate_log()
            self._position = 0
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode(errors="replace") for line in lines]


def worth_showing(line):
    """The line without time and service if a person should see it: warnings, errors, and what is no
    log line at all (a crash, a list of wrong options). None for the rest."""
    found = _line.match(line)
    if found is None:
        return line if line.strip() else None
    level = found["level"].strip()
    return f"{level}: {found['rest']}" if level in ("warn", "error") else None
