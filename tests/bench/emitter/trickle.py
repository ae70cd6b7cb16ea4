# SPDX-License-Identifier: Apache-2.0
"""A client that reads too slowly, and what a server holds in memory."""

import os
import socket
import threading
from pathlib import Path

BYTES_A_SECOND = 1024


class Trickle:
    """A WebSocket in /live that reads so much a second, while the context lasts. It answers no
    ping, which a server waits for for longer than a measurement takes."""

    def __init__(self, port):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.connect(("127.0.0.1", port))
        self._socket.settimeout(10)
        self._ended = threading.Event()
        self._reader = threading.Thread(target=self._read)

    def __enter__(self):
        self._socket.sendall(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                             b"Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             b"Sec-WebSocket-Version: 13\r\n"
                             b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
        assert b" 101 " in self._socket.recv(1024)
        join = b"40/live,"
        # The mask may be all zeros (RFC 6455 section 5.3 asks for a random one, not for ours).
        self._socket.sendall(bytes([0x81, 0x80 | len(join)]) + bytes(4) + join)
        self._reader.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._reader.join()
        self._socket.close()

    def _read(self):
        while not self._ended.wait(1):
            if not self._socket.recv(BYTES_A_SECOND):
                return  # the server has let it go


def resident(pid):
    """Bytes of a process that are in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
