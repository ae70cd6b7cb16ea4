# SPDX-License-Identifier: Apache-2.0
"""The Engine.IO wire, byte by byte: HTTP requests and WebSocket frames as a test wants them, right
or wrong."""

import base64
import http.client
import json
import os
import socket
import struct
import time

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
SEPARATOR = "\x1e"
TIMEOUT_S = 5
CLOSED_S = 1


class Answer:
    """One HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)


def request(port, target, method="GET", body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, dict((k.lower(), v) for k, v in answer.getheaders()),
                      answer.read())
    finally:
        connection.close()


def start(port, target, method="GET", headers=None, body=b"", behind=b""):
    """Sends a request, and `behind` right after it, and does not wait; answer_of() reads what
    comes."""
    raw = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    raw.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body + behind)
    return raw


class _Unbuffered:
    """What HTTPResponse reads from without taking what belongs to the next answer."""

    def __init__(self, raw):
        self._raw = raw

    def makefile(self, mode):
        return self._raw.makefile(mode, buffering=0)


def answer_of(raw):
    answer = http.client.HTTPResponse(_Unbuffered(raw))
    answer.begin()
    body = answer.read()
    return Answer(answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), body)


class Polling:
    """A session over long-polling."""

    def __init__(self, port, path="/socket.io/", **open_headers):
        self.port, self.path = port, path
        opened = request(port, self.target(), headers=open_headers)
        assert opened.status == 200, opened.text
        assert opened.text[0] == "0"
        self.open = json.loads(opened.text.split(SEPARATOR)[0][1:])
        self.sid = self.open["sid"]

    def target(self):
        known = f"&sid={self.sid}" if hasattr(self, "sid") else ""
        return f"{self.path}?EIO=4&transport=polling{known}"

    def get(self):
        return request(self.port, self.target())

    def start_get(self):
        return start(self.port, self.target())

    def post(self, body, **headers):
        body = body.encode() if isinstance(body, str) else body
        return request(self.port, self.target(), "POST", body,
                       {"Content-Type": "text/plain;charset=UTF-8", **headers})

    def packets(self):
        """Those of one poll."""
        answer = self.get()
        assert answer.status == 200, answer.text
        return answer.text.split(SEPARATOR)

    def packets_until(self, wanted, limit=10):
        """All that came up to one that starts so; pings are answered."""
        seen = []
        for _ in range(limit):
            for packet in self.packets():
                if packet == "2":
                    self.post("3")
                    continue
                seen.append(packet)
            if any(packet.startswith(wanted) for packet in seen):
                return seen
        raise AssertionError(f"no {wanted} in {seen}")

    def is_known(self):
        return request(self.port, self.target()).status == 200

    def connect(self, nsp=""):
        """Joins a namespace; returns what came with the answer."""
        self.post(f"40{nsp}")
        return self.packets_until(f"40{nsp}")


class WebSocket:
    """A WebSocket that does what it is told; over TLS if it is given an ssl.SSLContext."""

    def __init__(self, port, path="/socket.io/", query="EIO=4&transport=websocket", headers=None,
                 source="127.0.0.1", tls=None):
        self.raw = socket.create_connection(("127.0.0.1", port), TIMEOUT_S, (source, 0))
        if tls is not None:
            self.raw = tls.wrap_socket(self.raw, server_hostname="localhost",
                                       suppress_ragged_eofs=False)
        self.key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path}?{query} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket",
                 "Connection: Upgrade", f"Sec-WebSocket-Key: {self.key}",
                 "Sec-WebSocket-Version: 13"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.raw.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.buffer = b""
        head = self._until(b"\r\n\r\n").decode()
        self.status = int(head.split()[1])
        self.head = head.lower()
        if self.status != 101:
            length = int(self.head.split("content-length: ")[1].split("\r\n")[0])
            self.body = self._exactly(length).decode()

    def _receive(self):
        chunk = self.raw.recv(65536)
        if not chunk:
            raise EOFError
        self.buffer += chunk

    def _until(self, end):
        while end not in self.buffer:
            self._receive()
        head, _, self.buffer = self.buffer.partition(end)
        return head + end

    def _exactly(self, size):
        while len(self.buffer) < size:
            self._receive()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def send_frame(self, opcode, payload=b"", final=True, masked=True, reserved=0):
        first = (0x80 if final else 0) | reserved | opcode
        bit = 0x80 if masked else 0
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", first, bit | size)
        elif size < 65536:
            head = struct.pack("!BBH", first, bit | 126, size)
        else:
            head = struct.pack("!BBQ", first, bit | 127, size)
        if masked:
            mask = os.urandom(4)
            payload = masked_with(mask, payload)
            head += mask
        self.raw.sendall(head + payload)

    def send(self, message):
        if isinstance(message, str):
            self.send_frame(TEXT, message.encode())
        else:
            self.send_frame(BINARY, message)

    def frame(self):
        """(opcode, payload) of the next frame; server frames are whole and not masked."""
        first, second = self._exactly(2)
        assert first & 0xF0 == 0x80, "a server of ours does not fragment"
        assert second & 0x80 == 0, "a server does not mask"
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack("!H", self._exactly(2))
        elif size == 127:
            size, = struct.unpack("!Q", self._exactly(8))
        return first & 0x0F, self._exactly(size)

    def receive(self, pings=False):
        """The next message; heartbeats are answered and left out unless `pings`."""
        while True:
            opcode, payload = self.frame()
            if opcode == BINARY:
                return payload
            assert opcode == TEXT, (opcode, payload)
            if payload == b"2" and not pings:
                self.send("3")
                continue
            return payload.decode()

    def closed(self, pongs=True):
        """Reads to the end, which must come within a second, and answers a close frame as RFC 6455
        wants it; the close code (1005 for none, 1006 without a close frame). Pings are answered:
        what ends the connection is what was sent before, unless not `pongs`."""
        code = 1006
        deadline = time.monotonic() + CLOSED_S
        try:
            while True:
                opcode, payload = self.frame()
                if opcode == CLOSE:
                    code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                    self.send_frame(CLOSE, payload)
                elif (opcode, payload) == (TEXT, b"2") and pongs and code == 1006:
                    self.send("3")
                assert time.monotonic() < deadline, "still open"
        except (EOFError, ConnectionError):
            return code

    def is_open(self):
        """True when the other side still answers; messages before the answer are lost."""
        self.send_frame(PING, b"still there")
        try:
            while True:
                if self.frame() == (PONG, b"still there"):
                    return True
        except (EOFError, ConnectionError):
            return False

    def open_packet(self):
        packet = self.receive()
        assert packet[0] == "0"
        return json.loads(packet[1:])

    def connect(self, nsp=""):
        """Reads the open packet if it is still due, joins a namespace, returns its `auth`."""
        self.send(f"40{nsp}")
        while not (packet := self.receive()).startswith("40"):
            assert packet[0] == "0"
        assert packet.startswith(f"40{nsp}{{" if not nsp else f"40{nsp},{{"), packet
        return self.receive()

    def close(self):
        self.raw.close()


def masked_with(mask, payload):
    """As one long number: byte by byte a megabyte takes longer than the server waits for it."""
    mask = (mask * (len(payload) // 4 + 1))[:len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")
    return number.to_bytes(len(payload), "big")


def elapsed(since):
    return time.monotonic() - since
