# SPDX-License-Identifier: Apache-2.0
"""Many clients of an emitter's /live in one thread: each remembers what socket.io-client does, goes
to the next replica when it is cut off, and counts every number it is sent."""

import asyncio
import base64
import json
import os
import random
import threading

TEXT, CLOSE = 1, 8


def _frame(text):
    """A client's frame, masked with zeros; nothing of ours is longer than a short frame."""
    payload = text.encode()
    assert len(payload) < 65536
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else (
        bytes([0x80 | 126]) + len(payload).to_bytes(2, "big"))
    return bytes([0x80 | TEXT]) + size + bytes(4) + payload


class Client:
    """One of them. `counts[n]`: how often it has got number n."""

    def __init__(self, ports, at):
        self._ports, self._at = ports, at
        self._pid = self._last = None
        self.counts = bytearray()
        self.joined = self.renewed = 0

    async def live(self):
        while True:
            try:
                await self._session(self._ports[self._at % len(self._ports)])
            except (OSError, EOFError, asyncio.IncompleteReadError):
                pass
            self._at += 1
            await asyncio.sleep(random.uniform(0.05, 0.5))

    async def _session(self, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            key = base64.b64encode(os.urandom(16)).decode()
            writer.write(("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                          f"Host: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
                          f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                          "Sec-WebSocket-Version: 13\r\n\r\n").encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in head.split(b"\r\n")[0]:
                return
            while True:
                opcode, payload = await self._frame_of(reader)
                if opcode == CLOSE:
                    return
                if (answer := self._take(payload.decode())) is not None:
                    writer.write(_frame(answer))
        finally:
            writer.close()

    @staticmethod
    async def _frame_of(reader):
        first, size = await reader.readexactly(2)
        if size >= 126:
            size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
        return first & 0x0F, await reader.readexactly(size)

    def _take(self, packet):
        """Takes what came; what to answer, if anything."""
        if packet[0] == "0":
            return "40/live," + (json.dumps({"pid": self._pid, "offset": self._last})
                                 if self._pid and self._last else "")
        if packet == "2":
            return "3"
        kind, _, data = packet.partition("/live,")
        if kind == "40":
            pid = json.loads(data).get("pid")  # none without recovery
            self.joined += 1
            self.renewed += self.joined > 1 and (pid is None or pid != self._pid)
            self._pid = pid
        elif kind == "42":
            name, *arguments = json.loads(data)
            if name == "window":
                self._count(arguments[0]["n"])
            elif name == "snapshot":
                for value, _ in arguments[0]["window"]:
                    self._count(value["n"])
            if isinstance(arguments[-1], str):
                self._last = arguments[-1]
        return None

    def _count(self, number):
        if number >= len(self.counts):
            self.counts.extend(bytes(number + 1 - len(self.counts)))
        self.counts[number] = min(self.counts[number] + 1, 255)


class Crowd(threading.Thread):
    """Threads: one of its own; what its clients have counted is read when stop() is over, or to see
    how far they are."""

    def __init__(self, ports, size):
        super().__init__(daemon=True)
        self.clients = [Client(ports, at) for at in range(size)]
        self._loop, self._over = asyncio.new_event_loop(), asyncio.Event()

    def run(self):
        self._loop.run_until_complete(self._live())
        self._loop.close()

    async def _live(self):
        tasks = [self._loop.create_task(client.live()) for client in self.clients]
        await self._over.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self):
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(10)
        assert not self.is_alive()
