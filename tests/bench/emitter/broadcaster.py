# SPDX-License-Identifier: Apache-2.0
"""What tests/tools/socketio-broadcaster is, built from python-socketio on uvicorn."""

import asyncio
import socket

import socketio
import uvicorn

server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@server.on("more")
async def more(_sid, count, size):
    for _ in range(count):
        await server.emit("result", {"data": "x" * (size - 11)})


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    app = uvicorn.Server(uvicorn.Config(socketio.ASGIApp(server), log_level="error", loop="uvloop",
                                        ws="websockets"))
    asyncio.run(app.serve(sockets=[listener]))
