# SPDX-License-Identifier: Apache-2.0
"""The MQTT broker."""

import os
import signal
from pathlib import Path

from . import ports
from .process import Process

_limits = Path(__file__).parent.parent / "mosquitto.conf"


class Mosquitto(Process):
    """mosquitto on loopback with the limits of deploy/local/mosquitto.conf.

    Its queue is kept in <run_dir>/mosquitto/ and survives stop() and start(). kill() loses what
    came since the last save (autosave_interval). `extra` is more configuration, as text.
    """

    death_signal = signal.SIGTERM  # so that it saves its queue; it always obeys

    def __init__(self, run_dir, *, port=None, extra="", name="mosquitto"):
        self.port = port or ports.free_port()
        self._config = Path(run_dir) / name / "mosquitto.conf"
        self._extra = extra
        # Debian keeps it in /usr/sbin, which is not in everyone's PATH.
        command = next((path for path in ("/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto")
                        if Path(path).exists()), "mosquitto")
        super().__init__(name, [command, "-c", self._config], run_dir)

    @property
    def url(self):
        return f"tcp://127.0.0.1:{self.port}"

    def start(self):
        folder = self._config.parent
        folder.mkdir(parents=True, exist_ok=True)
        # Started by root it would become another user and lose its files and its tie to us.
        user = "user root" if os.geteuid() == 0 else ""
        self._config.write_text(
            f"{_limits.read_text()}\nlistener {self.port} 127.0.0.1\nallow_anonymous true\n"
            f"persistence_location {folder.resolve()}/\n{user}\n{self._extra}\n")
        return super().start()

    def ready(self):
        return self.running and ports.is_open(self.port)
