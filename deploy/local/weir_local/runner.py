# SPDX-License-Identifier: Apache-2.0
"""`make run`: a system in the foreground, watched, until Ctrl-C."""

import argparse
import fcntl
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

from . import ports
from .logs import Follower, worth_showing
from .service import Job, Service
from .system import DescriptionError, System, tree

_restarts_max = 5  # in a row
_delay_max = 10.0  # seconds between restarts
_steady = 30.0  # seconds of service after which failures are forgotten
_start_max = 120.0  # seconds until everything is ready
_patience = 10.0  # seconds until a slow start is mentioned
_repeat = 0.5  # seconds in which a second Ctrl-C is an echo of the first (timeout(1) sends two)
_exit_configuration = 2  # how our services end when their options cannot work

_help = """\
Starts mosquitto, Apache Kafka and the services of a system, and stops them on Ctrl-C.
Its data and logs are found again by the next start.

environment:
  WEIR_BOOTSTRAP_SERVERS=HOST:PORT  use this Kafka, start none
  WEIR_FIRMWARE=1       device1 is the sketch on a simulated board, read over its serial line
  WEIR_RUN_DIR=DIR      data and logs (default: .run/<system>)
  WEIR_RUN_CLEAN=1      forget the data of earlier runs first
  WEIR_BIN=DIR          executables (default: build/release/bin)
  WEIR_<NAME>_PORT=N    another port; the names of this system and their ports now:
{ports}
  Every other WEIR_... variable reaches the services: WEIR_LOG_LEVEL=debug, for one.
"""

_own_variables = re.compile(r"WEIR_(BOOTSTRAP_SERVERS|FIRMWARE|RUN_\w+|BIN|\w+_PORT)")


class Watched:
    """How one part has fared: its log, its failures in a row, and when it is started again."""

    def __init__(self, part):
        self.part = part
        self.follower = Follower(part.process)
        self.failures = 0
        self.ready_at = None
        self.retry_at = None
        # What brokers, jobs and tools have to say is in their log files, and told if they fail.
        self.shown = isinstance(part.process, Service)


class Runner:
    """Watches a System: says what happens, restarts what dies, stops all at the end."""

    def __init__(self, system):
        self._system = system
        self._watched = {part.name: Watched(part) for part in system.parts}
        self._width = max(map(len, self._watched))
        self._began = time.monotonic()
        self._announced = False
        self._patience_ends = self._began + _patience
        self._asked_to_stop_at = None
        self._hurry = False

    def run(self):
        """Returns the exit status: 0 after Ctrl-C, SIGTERM or SIGHUP, 1 or 2 after a failure."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        status = 0
        try:
            while self._asked_to_stop_at is None and status == 0:
                status = self._step()
                time.sleep(0.2 if self._announced else 0.02)
        except OSError as error:
            # The terminal is gone, or a file cannot be written; either way nothing may be left.
            status = 1
            self._say(self._system.name, f"cannot go on: {error}")
        finally:
            self._stop()
        return status

    def _on_signal(self, number, _frame):
        now = time.monotonic()
        if self._asked_to_stop_at is None:
            self._asked_to_stop_at = now
        elif number == signal.SIGINT and now > self._asked_to_stop_at + _repeat:
            self._hurry = True

    def _step(self):
        """Returns the exit status if this is the end, else 0."""
        for part in self._system.advance():
            self._show_log(self._watched[part.name])
            if part.state == "ready":
                self._on_ready(self._watched[part.name])
            else:
                status = self._on_end(self._watched[part.name])
                if status != 0:
                    return status
        now = time.monotonic()
        for watched in self._watched.values():
            self._show_log(watched)
            if watched.retry_at is not None and now >= watched.retry_at:
                watched.retry_at = None
                self._system.retry(watched.part)
        return 0 if self._announced else self._look_at_start(now)

    def _look_at_start(self, now):
        waiting = [part for part in self._system.parts if part.state != "ready"]
        if not waiting:
            self._announced = True
            self._say("", f"everything is ready: {self._system.url}  (Ctrl-C stops it)")
        elif now > self._began + _start_max:
            self._say("", f"not ready after {_start_max:.0f} s; stopping")
            return 1
        elif now > self._patience_ends:
            self._patience_ends = now + _patience
            for part in waiting:
                if part.state == "starting":
                    self._say(part.name, f"not ready yet; {_why_not(part.process)}")
        return 0

    def _on_ready(self, watched):
        watched.ready_at = time.monotonic()
        process = watched.part.process
        if isinstance(process, Job):
            self._say(process.name, "done")
        else:
            where = [self._system.ports[name] for name in watched.part.port_names[:1]]
            self._say(process.name, " ".join(["ready", *map("127.0.0.1:{}".format, where)]))

    def _on_end(self, watched):
        process, code = watched.part.process, watched.part.process.exit_code
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        if code == _exit_configuration:
            self._say(process.name, "cannot work with its options; stopping")
            self._tell_last_lines(process)
            return _exit_configuration
        if watched.ready_at and time.monotonic() - watched.ready_at > _steady:
            watched.failures = 0
        watched.ready_at = None
        watched.failures += 1
        if watched.failures > _restarts_max:
            self._say(process.name, f"{how}, for the {watched.failures}th time in a row; stopping")
            self._tell_last_lines(process)
            return 1
        delay = min(_delay_max, 0.5 * 2 ** (watched.failures - 1))
        watched.retry_at = time.monotonic() + delay
        self._say(process.name, f"{how}; starting it again in {delay:g} s. Its last words:")
        self._tell_last_lines(process)
        return 0

    def _tell_last_lines(self, process):
        for line in process.log_tail(10).splitlines():
            self._say(process.name, f"| {line}")

    def _show_log(self, watched):
        for line in watched.follower.lines():
            words = worth_showing(line)
            if watched.shown and words is not None:
                self._say(watched.part.name, words)

    def _stop(self):
        self._say("", "stopping")
        self._system.stop(
            on_killed=lambda part: self._say(part.name, "did not stop in time and was killed"),
            hurry=lambda: self._hurry)
        self._say("", "everything has stopped")

    def _say(self, name, words):
        try:
            elapsed = time.monotonic() - self._began
            print(f"{elapsed:7.2f}  {name:{self._width}}  {words}", flush=True)
        except OSError:  # nobody reads any more
            sys.stdout = open(os.devnull, "w")
            self._asked_to_stop_at = self._asked_to_stop_at or time.monotonic()


def _why_not(process):
    if isinstance(process, Service):
        readiness = process.readiness()
        if readiness:
            return f"its checks: {readiness}"
    last = process.log_tail(1)
    return f"its last words: {last}" if last else "it has said nothing"


def _ports_of_environment():
    wanted = {}
    for key, value in os.environ.items():
        found = re.fullmatch(r"WEIR_(\w+)_PORT", key)
        if found:
            if not value.isdigit() or not 0 < int(value) < 65536:
                raise DescriptionError(f"{key}: expected a port, 1 to 65535, got '{value}'")
            wanted[found[1].lower()] = int(value)
    return wanted


def _system(name):
    environ = os.environ
    folder = tree / "deploy" / name
    if not (folder / "system.toml").exists():
        raise DescriptionError(f"{folder} has no system.toml")
    bin_dir = Path(environ.get("WEIR_BIN") or tree / "build" / "release" / "bin")
    run_dir = Path(environ.get("WEIR_RUN_DIR") or tree / ".run" / folder.name)
    return System(
        folder, run_dir.resolve(), bin_dir.resolve(), ports=_ports_of_environment(),
        bootstrap_servers=environ.get("WEIR_BOOTSTRAP_SERVERS") or None,
        variant="firmware" if environ.get("WEIR_FIRMWARE", "0") not in ("", "0") else None,
        environ={key: value for key, value in environ.items() if not _own_variables.fullmatch(key)})


def _lock(system):
    """The open file that holds the lock of the run directory. Errors: DescriptionError."""
    system.run_dir.mkdir(parents=True, exist_ok=True)
    lock = open(system.run_dir / "lock", "a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise DescriptionError(f"{system.name} runs already (pid {lock.read().strip()});"
                               " stop that one first, with Ctrl-C or kill") from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def _clean(system):
    for entry in system.run_dir.iterdir():
        if entry.name != "lock":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _check_executables(system):
    missing = [part.process.command[0] for part in system.parts
               if shutil.which(part.process.command[0]) is None]
    if missing:
        raise DescriptionError(f"not there: {', '.join(missing)}; `make run` installs and builds")


def _check_ports(system):
    busy = []
    for name, port in system.busy_ports():
        holder = ports.holder(port)
        by = f" by {holder}" if holder else ""
        busy.append(f"port {port} ({name}) is in use{by};"
                    f" choose another with WEIR_{name.upper()}_PORT=NUMBER")
    if busy:
        raise DescriptionError("\n".join(busy))


def main(arguments=None):
    """The command line of deploy/local/run. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="deploy/local/run", formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", nargs="?", default="air-quality",
                        help="a folder of deploy/ (default: air-quality)")
    parser.add_argument("--clean", action="store_true", help="only forget the data of earlier runs")
    try:
        if {"-h", "--help"} & set(sys.argv[1:] if arguments is None else arguments):
            numbers = _system("air-quality").ports
            parser.epilog = _help.format(ports="\n".join(
                f"    WEIR_{name.upper()}_PORT={port}" for name, port in numbers.items()))
        options = parser.parse_args(arguments)
        system = _system(options.system)
        with _lock(system):
            if options.clean or os.environ.get("WEIR_RUN_CLEAN", "0") not in ("", "0"):
                _clean(system)
            if options.clean:
                return 0
            _check_executables(system)
            _check_ports(system)
            return _run(system)
    except (DescriptionError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2


def _run(system):
    runner = Runner(system)
    print(f"{system.name}: data and logs in {system.run_dir}", flush=True)
    if "kafka" not in (part.name for part in system.parts):
        print(f"{system.name}: using the Kafka at {system.bootstrap_servers}", flush=True)
    return runner.run()
