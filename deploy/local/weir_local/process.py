# SPDX-License-Identifier: Apache-2.0
"""One child process: started, waited for, stopped, and never left behind."""

import ctypes
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path


_libc = ctypes.CDLL(None)
_pr_set_pdeathsig = 1  # <linux/prctl.h>


class NotReady(Exception):
    """A process ended, or took too long, before it was ready. The message ends with its log."""


class Process:
    """A command with a log file of its own.

    Problem: a test or a runner that is killed must not leave brokers and services on the machine,
    and Ctrl-C in the terminal must reach only the runner, which stops its children in order. So a
    child is the leader of a session of its own, and the kernel signals it when its parent dies.

    Threads: the kernel ties the child to the *thread* that started it, so start() belongs in a
             thread that lives as long as the child: the main one.
    Files:   <run_dir>/logs/<name>.log (standard output and error, appended) and, while it runs,
             <run_dir>/<name>.pid.
    """

    # What the kernel sends when the parent dies. SIGKILL, because it cannot be missed.
    death_signal = signal.SIGKILL

    def __init__(self, name, command, run_dir, *, env=None, stop_timeout=10.0):
        self.name = name
        self.command = [str(word) for word in command]
        self.run_dir = Path(run_dir)
        self.env = env
        self.stop_timeout = stop_timeout
        self.log = self.run_dir / "logs" / f"{name}.log"
        self.popen = None
        self._log_start = 0
        self._pid_file = self.run_dir / f"{name}.pid"

    def start(self):
        """Starts the command and returns at once. Errors: FileNotFoundError if it is not there."""
        assert not self.running, f"{self.name} runs already"
        if shutil.which(self.command[0]) is None:
            raise FileNotFoundError(f"{self.name}: no executable {self.command[0]}")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            self._log_start = log.tell()
            self.popen = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env=self.env, start_new_session=True, preexec_fn=self._tie_to(os.getpid()))
        self._pid_file.write_text(f"{self.popen.pid}\n")
        return self

    def _tie_to(self, parent):
        """What the child does before it becomes the command."""
        def tie():
            _libc.prctl(_pr_set_pdeathsig, self.death_signal)
            if os.getppid() != parent:  # it died before it could matter
                os._exit(1)
        return tie

    @property
    def pid(self):
        return self.popen.pid if self.popen else None

    @property
    def running(self):
        return self.popen is not None and self.popen.poll() is None

    @property
    def exit_code(self):
        """None while it runs; negative if a signal ended it."""
        return self.popen.poll() if self.popen else None

    def ready(self):
        """One probe, a quarter of a second at most: can it be used now?"""
        return self.running

    def wait_ready(self, timeout=30.0):
        """Errors: NotReady."""
        deadline = time.monotonic() + timeout
        while not self.ready():
            if not self.running:
                raise NotReady(f"{self.name} ended with {self.exit_code} before it was ready\n"
                               + self.log_tail())
            if time.monotonic() > deadline:
                raise NotReady(f"{self.name} is not ready after {timeout} s\n" + self.log_tail())
            time.sleep(0.02)
        return self

    def signal(self, number):
        """Sends a signal; a process that has just ended is no error."""
        if self.running:
            self.popen.send_signal(number)

    def terminate(self):
        """Asks it to stop and returns at once."""
        self.signal(signal.SIGTERM)

    def stop(self, timeout=None):
        """SIGTERM, then SIGKILL after `timeout` seconds. Returns the exit code."""
        self.terminate()
        return self.finish(self.stop_timeout if timeout is None else timeout)

    def finish(self, timeout, hurry=lambda: False):
        """Waits for the end of a process asked to stop; kills it after `timeout` seconds, or as
        soon as hurry() says so. Returns the exit code."""
        deadline = time.monotonic() + timeout
        while self.running and time.monotonic() < deadline and not hurry():
            time.sleep(0.01)
        return self.kill()

    def kill(self):
        """SIGKILL, also to whatever it started. Returns the exit code."""
        if self.popen is None:
            return None
        if self.running:  # else its number may be somebody else's by now
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self._pid_file.unlink(missing_ok=True)
        return self.popen.returncode

    def restart(self, timeout=30.0):
        """stop(), start(), wait_ready()."""
        self.stop()
        return self.start().wait_ready(timeout)

    def log_text(self):
        """What it has written since its last start()."""
        with open(self.log, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def rotate_log(self):
        """Moves what is in the log to <name>.log.1, in place of what was there. A line written
        at this very moment may be lost: this bounds the disk, it is no archive."""
        shutil.copyfile(self.log, f"{self.log}.1")
        os.truncate(self.log, 0)
        self._log_start = 0

    def log_tail(self, lines=20):
        text = self.log_text() if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
