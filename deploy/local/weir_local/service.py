# SPDX-License-Identifier: Apache-2.0
"""Weir's own executables."""

import http.client
import json
import re
import urllib.error
import urllib.request
from pathlib import Path

from . import ports
from .process import Process


def flags(options):
    """Command line of a dict: {"input": "a", "device": ["x", "y"], "verbose": True}."""
    words = []
    for name, value in options.items():
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if item is True:
                words.append(f"--{name}")
            elif item is not None and item is not False:
                words += [f"--{name}", str(item)]
    return words


class Service(Process):
    """A service with an admin address: ready when GET /readyz says 200.

    `options` become flags (see flags()). The admin port is a free one unless `admin_port` says.
    """

    def __init__(self, executable, options, run_dir, *, name=None, admin_port=None, **more):
        self.admin_port = admin_port or ports.free_port()
        executable = Path(executable)
        command = [executable, *flags(options), "--admin", f"127.0.0.1:{self.admin_port}"]
        super().__init__(name or executable.name, command, run_dir, **more)

    def get(self, path, timeout=5.0):
        """(status, body) of the admin address. Errors: OSError if nobody answers."""
        url = f"http://127.0.0.1:{self.admin_port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def ready(self):
        try:
            return self.running and self.get("/readyz", timeout=0.25)[0] == 200
        except (OSError, http.client.HTTPException):  # the latter: it was killed while it spoke
            return False

    def readiness(self):
        """The checks of /readyz as a dict, {} if it does not answer."""
        try:
            return json.loads(self.get("/readyz", timeout=0.25)[1])
        except (OSError, http.client.HTTPException, ValueError):
            return {}

    def metrics(self):
        """{'name{labels}': value} of /metrics."""
        lines = self.get("/metrics")[1].splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}


class Job(Process):
    """A command that does its work and ends: ready when it has ended with 0."""

    def ready(self):
        return self.exit_code == 0 and self.kill() == 0


class Announcer(Process):
    """A program that says on its output when it is ready, as `pattern` matches."""

    def __init__(self, name, command, run_dir, pattern):
        super().__init__(name, command, run_dir)
        self._pattern = re.compile(pattern, re.MULTILINE)

    def ready(self):
        return self.running and self._pattern.search(self.log_text()) is not None
