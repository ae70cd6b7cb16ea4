# SPDX-License-Identifier: Apache-2.0
"""Real Socket.IO clients, each a process that prints what it receives as JSON lines."""

import json
import sys
from pathlib import Path

from weir_local import Process

NODE = Path(__file__).resolve().parents[1] / "node"

_PYTHON_CLIENT = """
import json, os, sys, socketio
client = socketio.Client(reconnection_delay_max=1)
def show(line): os.write(1, (json.dumps(line) + "\\n").encode())  # whole, from any thread
@client.event
def connect(): show({"state": "connect", "transport": client.transport()})
@client.event
def disconnect(): show({"state": "disconnect"})
for event in sys.argv[3:]:
    client.on(event, lambda *arguments, event=event: show({"event": event, "arguments": arguments}))
client.connect(sys.argv[1], transports=[sys.argv[2]], wait_timeout=10)
client.wait()
"""


class Client(Process):
    """A process whose output is JSON lines."""

    def lines(self):
        """What it has printed since its start, whole lines only."""
        whole = self.log_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    def received(self, event="emit"):
        """The first argument of every such event."""
        return [line["arguments"][0] for line in self.lines() if line.get("event") == event]

    def states(self):
        return [line for line in self.lines() if "state" in line]

    def ready(self):
        return self.running and any(line["state"] == "connect" for line in self.states())


def node_client(name, url, run_dir, *, version="4.8.4", transports=("polling", "websocket"),
                events=("emit",), auth=None):
    """socket.io-client for Node, of version 4.8.4 or 3.0.4. `auth`: its socket.auth, or a file
    that has it at each connection."""
    command = ["node", NODE / "receive.mjs", "--url", url, "--client", version]
    for transport in transports:
        command += ["--transport", transport]
    for event in events:
        command += ["--event", event]
    if auth is not None:
        command += ["--auth", auth if isinstance(auth, Path) else json.dumps(auth)]
    return Client(name, command, run_dir)


def python_client(name, url, run_dir, *, transport="polling", events=("emit",)):
    """python-socketio, as the first emitter of this pipeline used: long-polling only."""
    return Client(name, [sys.executable, "-c", _PYTHON_CLIENT, url, transport, *events], run_dir)
