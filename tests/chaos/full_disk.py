# SPDX-License-Identifier: Apache-2.0
"""A service whose disk is full: its folder, its temporary files and its log are on one."""

import os
import subprocess
from pathlib import Path

from weir_local import Service

NOWHERE = Path("/dev/full")  # every write to it says that the disk is full


class FullDisk:
    """A disk of 64 KiB without a free byte. Not everybody may mount one (`real`): without it the
    log goes to /dev/full, and the kernel ends whoever makes any file grow (RLIMIT_FSIZE 0)."""

    def __init__(self, folder, *, mounts=True):
        self._folder = Path(folder).resolve()
        self._folder.mkdir()
        self.log = self._folder / "log"
        self.real = mounts and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self._folder],
            capture_output=True).returncode == 0
        if not self.real:
            self.log = NOWHERE
            return
        self.log.touch()
        with open(self._folder / "filling", "wb", buffering=0) as filling:
            try:
                while True:
                    filling.write(bytes(512))
            except OSError:
                pass

    def command(self, command):
        """The same program on this disk."""
        limit = [] if self.real else ["prlimit", "--fsize=0"]
        return ["sh", "-c", 'cd "$0" && exec "$@"', str(self._folder), *limit, *command]

    def environment(self):
        return {**os.environ, "TMPDIR": str(self._folder), "HOME": str(self._folder)}

    def close(self):
        if self.real:
            subprocess.run(["umount", "--lazy", self._folder], check=True)
            self.real = False


class ServiceOnDisks(Service):
    """A service that is started on a full disk as long as it is told to."""

    def __init__(self, executable, options, run_dir, **more):
        super().__init__(executable, options, run_dir, **more)
        self._usual = self.command, self.log

    def use(self, disk):
        """From the next start on; None is the usual disk."""
        self.command, self.log = self._usual
        self.env = None
        if disk:
            self.command, self.log = disk.command(self.command), disk.log
            self.env = disk.environment()

    def log_text(self):
        return "" if self.log == NOWHERE else super().log_text()
