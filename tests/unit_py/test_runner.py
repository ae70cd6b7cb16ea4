# SPDX-License-Identifier: Apache-2.0
"""Goal: `make run` starts in order, tells what happens, restarts what dies and leaves nothing.
Method: the real runner and a real MQTT broker, with a system of two tiny services that behave as
their files in the run folder say; Kafka is left out by WEIR_BOOTSTRAP_SERVERS."""

import os
import pty
import re
import signal
import socket
import subprocess

import pytest
from support import ROOT, is_alive

_system = """
name = "trial"
url = "http://127.0.0.1:{mqtt}/"
[ports]
kafka = 1
kafka_controller = 2
mqtt = %d
[[service]]
name = "first"
command = ["{here}/part"]
admin = %d
needs = ["mosquitto", "kafka"]
[[service]]
name = "second"
command = ["{here}/part"]
admin = %d
needs = ["first"]
"""

_part = """#!/usr/bin/python3
import http.server, pathlib, signal, sys
host, port = sys.argv[-1].split(":")
here = pathlib.Path(sys.argv[0]).parent
if (here / f"wrong-{port}").exists():
    sys.exit((print("--window: expected 1ms..366d, got 0s", file=sys.stderr), 2)[1])
stubborn = (here / f"stubborn-{port}").exists()
signal.signal(signal.SIGTERM, (lambda *_: None) if stubborn else (lambda *_: sys.exit(0)))
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
print("2024-10-07T13:02:45.000Z warn  part odd weather", file=sys.stderr, flush=True)
http.server.HTTPServer((host, int(port)), Answer).serve_forever()
"""


class Run:
    """A run of the trial system with what it has said."""

    def __init__(self, folder, ports):
        self.folder, self.ports = folder, ports
        self.run_dir = folder / "run"
        self.output = folder / "output"
        (folder / "system.toml").write_text(_system % tuple(ports))
        (folder / "part").write_text(_part)
        (folder / "part").chmod(0o755)
        self.environ = {**os.environ, "WEIR_RUN_DIR": str(self.run_dir), "WEIR_BIN": str(folder),
                        "WEIR_BOOTSTRAP_SERVERS": "unused:1"}
        self.process = None
        self.children = []

    def start(self):
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen([ROOT / "deploy/local/run", self.folder],
                                            env=self.environ, stdout=output,
                                            stderr=subprocess.STDOUT)
        return self

    def said(self):
        return self.output.read_text()

    def pid(self, name):
        return int((self.run_dir / f"{name}.pid").read_text())

    def pids(self):
        return [self.pid(name) for name in ("mosquitto", "first", "second")]


@pytest.fixture
def trial(run_dir, free_port):
    run = Run(run_dir, [free_port() for _ in range(3)])
    yield run
    if run.process and run.process.poll() is None:
        run.process.terminate()
        run.process.wait(30)


def ready(run, wait_until):
    wait_until(lambda: "everything is ready" in run.said(), "start")
    return run.pids()


def test_parts_start_in_order_and_stop_without_a_trace(trial, wait_until):
    pids = ready(trial.start(), wait_until)
    assert all(map(is_alive, pids))
    trial.process.send_signal(signal.SIGINT)
    assert trial.process.wait(30) == 0
    assert not any(map(is_alive, pids))
    assert list(trial.run_dir.glob("*.pid")) == []
    said = trial.said()
    order = [said.index(f"{name:9}  ready 127.0.0.1:{port}")
             for name, port in zip(("mosquitto", "first", "second"), trial.ports)]
    assert order == sorted(order)
    assert re.search(r"first +warn: odd weather", said)
    assert said.rstrip().endswith("everything has stopped")


def test_a_part_that_dies_is_started_again(trial, wait_until):
    first = ready(trial.start(), wait_until)[1]
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: trial.said().count("first      ready") == 2, "second start")
    assert "first      was killed by SIGKILL; starting it again in 0.5 s" in trial.said()
    assert trial.pid("first") != first


def test_wrong_options_stop_everything(trial):
    (trial.folder / f"wrong-{trial.ports[2]}").touch()
    assert trial.start().process.wait(30) == 2
    assert "second     cannot work with its options; stopping" in trial.said()
    assert "| --window: expected 1ms..366d, got 0s" in trial.said()
    assert list(trial.run_dir.glob("*.pid")) == []


def test_a_busy_port_is_named_with_its_holder_and_the_way_out(trial):
    with socket.create_server(("127.0.0.1", trial.ports[1])):
        assert trial.start().process.wait(30) == 2
    holder = rf".* \(pid {os.getpid()}\)"
    assert re.fullmatch(rf"port {trial.ports[1]} \(first_admin\) is in use by {holder};"
                        r" choose another with WEIR_FIRST_ADMIN_PORT=NUMBER\n", trial.said())


def test_a_second_run_is_told_of_the_first(trial, wait_until):
    ready(trial.start(), wait_until)
    second = subprocess.run([ROOT / "deploy/local/run", trial.folder], env=trial.environ,
                            capture_output=True, text=True, timeout=30)
    assert second.returncode == 2
    assert f"trial runs already (pid {trial.process.pid})" in second.stderr


def test_an_unknown_port_variable_is_refused(trial):
    trial.environ["WEIR_FRIST_ADMIN_PORT"] = "1234"
    assert trial.start().process.wait(30) == 2
    assert "no port called frist_admin; it has first_admin" in trial.said()


def test_a_second_ctrl_c_does_not_wait(trial, wait_until):
    (trial.folder / f"stubborn-{trial.ports[1]}").touch()
    pids = ready(trial.start(), wait_until)
    trial.process.send_signal(signal.SIGINT)
    wait_until(lambda: "stopping" in trial.said(), "first Ctrl-C")

    def ended_by_another():
        trial.process.send_signal(signal.SIGINT)
        return trial.process.poll() is not None
    wait_until(ended_by_another, "end", timeout=5)
    assert not any(map(is_alive, pids))


def test_a_closed_terminal_stops_everything(trial, wait_until):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(ROOT / "deploy/local/run", ["run", str(trial.folder)], trial.environ)
    said = b""
    while b"everything is ready" not in said:
        said += os.read(terminal, 4096)
    pids = [pid, *trial.pids()]
    os.close(terminal)
    os.waitpid(pid, 0)
    wait_until(lambda: not any(map(is_alive, pids)), "end of all")
    assert list(trial.run_dir.glob("*.pid")) == []


def test_a_killed_runner_leaves_nothing(trial, wait_until):
    pids = ready(trial.start(), wait_until)
    trial.process.kill()
    trial.process.wait()
    wait_until(lambda: not any(map(is_alive, pids)), "end of all")
