# SPDX-License-Identifier: Apache-2.0
"""Socket.IO servers that an emitter sends to, each a process that prints what it gets."""

import json
import sys

from support import ROOT
from weir_local.service import Announcer

_PYTHON_SERVER = """
import json, os, sys, socketio, uvicorn
server = socketio.AsyncServer(async_mode="asgi")
def show(line): os.write(1, (json.dumps(line) + "\\n").encode())
@server.on("*")
async def any_event(event, sid, *arguments):
    show({"nsp": "/", "event": event, "arguments": arguments})
@server.on("broadcast_event")
async def broadcast_event(sid, value):
    show({"nsp": "/", "event": "broadcast_event", "arguments": [value]})
    await server.emit("emit", value)
host, port = sys.argv[1].split(":")
class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        show("up")
        print("listening on " + port, flush=True)
Server(uvicorn.Config(socketio.ASGIApp(server), host=host, port=int(port), ws="websockets",
                      log_level="warning")).run()
"""


class UpstreamServer(Announcer):
    """What it has got is what it has printed, over all its lives."""

    def __init__(self, name, command, run_dir, port, scheme="http"):
        super().__init__(name, command, run_dir, r"^listening on \d+$")
        self.url = f"{scheme}://127.0.0.1:{port}"

    def lines(self):
        whole = self.log.read_bytes().decode().rpartition("\n")[0]
        return [json.loads(line) for line in whole.splitlines() if line.startswith("{")]

    def got(self, event, nsp=None):
        """The arguments of every such event."""
        return [line["arguments"] for line in self.lines()
                if line.get("event") == event and nsp in (None, line["nsp"])]

    def numbers(self, event="window"):
        return [arguments[0]["n"] for arguments in self.got(event)]


def node_server(run_dir, port, *flags, **more):
    """socket.io for Node."""
    command = ["node", ROOT / "tests/node/upstream.mjs", "--listen", f"127.0.0.1:{port}", *flags]
    return UpstreamServer("node-server", command, run_dir, port, **more)


def python_server(run_dir, port):
    """python-socketio, as the first emitter of this pipeline had before it."""
    command = [sys.executable, "-c", _PYTHON_SERVER, f"127.0.0.1:{port}"]
    return UpstreamServer("python-server", command, run_dir, port)
