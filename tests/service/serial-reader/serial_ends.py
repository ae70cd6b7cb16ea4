# SPDX-License-Identifier: Apache-2.0
"""The two ends of serial-reader: a serial cable, played or a board's, and an MQTT client."""

import json
import math
import os
import pty
import subprocess
import threading
import tty

import paho.mqtt.client
import pytest
from support import wait_until

PREFIX = "kafka-spark-integration"


class Cable:
    """A serial device at a path that stays the same over plugging in and out: a pseudo terminal
    behind a symbolic link. What is written arrives as from a UART."""

    def __init__(self, path):
        self.path = path
        self._master = None

    def plug_in(self):
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        os.symlink(os.ttyname(slave), self.path)
        os.close(slave)

    def write(self, data):
        data = data if isinstance(data, bytes) else data.encode()
        while data:
            data = data[os.write(self._master, data):]

    def write_readings(self, values):
        self.write("".join(f"{value:.2f}\r\n" for value in values))

    def pull_out(self):
        self.path.unlink(missing_ok=True)
        if self._master is not None:
            os.close(self._master)
            self._master = None


class Board:
    """The firmware on a simulated Uno; its serial device is at `path`."""

    def __init__(self, bin_dir, path, *arguments):
        self._process = subprocess.Popen(
            [bin_dir / "unosim", bin_dir / "mq2_co_reader.elf", "--link", path, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline().startswith("PTY /dev/pts/")

    def set_millivolts(self, pin, millivolts):
        self._say(f"{pin} {millivolts}")

    def press_reset(self):
        self._say("reset")

    def _say(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def power_off(self):
        if self._process.poll() is None:
            self._process.terminate()
        assert self._process.wait(10) == 0


class Listener:
    """Keeps what arrives below the prefix, in order. Its session outlives a broker's restart."""

    def __init__(self, port):
        self.messages = []  # (topic, payload text)
        self._subscribed = threading.Event()
        self._client = paho.mqtt.client.Client("listener", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(f"{PREFIX}/#", 1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _client, _data, message: self.messages.append(
            (message.topic, message.payload.decode()))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def payloads(self, topic=f"{PREFIX}/device1"):
        return [text for where, text in list(self.messages) if where == topic]

    def records(self, topic=f"{PREFIX}/device1"):
        return [json.loads(text) for text in self.payloads(topic)]

    def values(self):
        return [record["data"] for record in self.records()]

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


def adc(millivolts):
    """What the 10-bit converter of a 5 V board reads."""
    return millivolts * 1023 // 5000


def co_ppm(millivolts, calibrated_at):
    """What the sketch prints at a voltage, by the formula of firmware/mq2_co_reader/README.md."""
    def sensor_kohm(reading):
        return 5.0 * (1023 - reading) / reading if reading else math.inf
    ro_kohm = sensor_kohm(adc(calibrated_at)) / 9.83
    ratio = sensor_kohm(adc(millivolts)) / ro_kohm
    return 10 ** ((math.log(ratio) - 0.72) / -0.34 + 2.3) if ratio < math.inf else 0.0


@pytest.fixture
def cable(run_dir):
    cable = Cable(run_dir / "tty")
    cable.plug_in()
    yield cable
    cable.pull_out()


@pytest.fixture
def board(bin_dir, run_dir):
    """board("--set", "3=489") powers up a board at run_dir/"tty"; it is powered off after."""
    started = []

    def power_up(*arguments):
        started.append(Board(bin_dir, run_dir / "tty", *arguments))
        return started[-1]
    yield power_up
    for each in started:
        each.power_off()


@pytest.fixture
def listener(mosquitto):
    listener = Listener(mosquitto.port)
    yield listener
    listener.close()


def reader_options(run_dir, mosquitto):
    return {"port": run_dir / "tty", "device": "device1", "mqtt": mosquitto.url,
            "buffer": run_dir / "buffer", "reopen-max": "200ms"}


@pytest.fixture
def reader(service, mosquitto, run_dir):
    """reader({"payload": "number"}) starts serial-reader on run_dir/"tty" and waits until it has
    the port open."""
    def start(options=None, **more):
        process = service("serial-reader", {**reader_options(run_dir, mosquitto),
                                            **(options or {})}, wait=False, **more)
        wait_until(lambda: opens(process) == 1, "open port")
        return process
    return start


def opens(process):
    """How often it has opened the port; 0 while it is still starting."""
    try:
        return process.metrics().get("weir_port_opens_total", 0)
    except OSError:
        return 0


def rejected(process):
    """{reason: count} of the lines that were rejected."""
    prefix = 'weir_lines_rejected_total{reason="'
    counts = {key.removeprefix(prefix).rstrip('"}'): int(value)
              for key, value in process.metrics().items() if key.startswith(prefix)}
    return {reason: count for reason, count in counts.items() if count}
