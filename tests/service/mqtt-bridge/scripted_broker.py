# SPDX-License-Identifier: Apache-2.0
"""An MQTT broker that does as a test says: what a real one never does, or does not show.

It speaks MQTT 5 over TCP, over TLS where it is given an SSL context, and over WebSocket where it is
given the subprotocol to answer with."""

import base64
import hashlib
import socket
import struct
import threading

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 1, 2, 3, 4, 8, 9
UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = 10, 11, 12, 13, 14
TEXT, BINARY, CLOSE = 1, 2, 8  # frames of a WebSocket


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(value)) + value


def packet(kind, body, flags=0):
    size, length = len(body), b""
    while True:
        size, byte = size >> 7, size & 0x7F
        length += bytes([byte | (0x80 if size else 0)])
        if not size:
            return bytes([kind << 4 | flags]) + length + body


def connack(properties=b"", session_present=0):
    return packet(CONNACK, bytes([session_present, 0, len(properties)]) + properties)


def publish(topic, payload, number):
    """At QoS 1."""
    return packet(PUBLISH, text(topic) + struct.pack(">HB", number, 0) + payload, 2)


def suback(subscribe):
    """Grants QoS 1 for each filter of the SUBSCRIBE."""
    filters, rest = 0, subscribe[3:]
    while rest:
        rest = rest[2 + struct.unpack(">H", rest[:2])[0] + 1:]
        filters += 1
    return packet(SUBACK, subscribe[:2] + b"\0" + b"\1" * filters)


class _Socket:
    """Bytes over TCP or TLS."""

    def __init__(self, connection):
        self._connection = connection

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self._connection.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def write(self, data):
        self._connection.sendall(data)


class _WebSocket:
    """Bytes in the frames of a WebSocket; `frames` has the kinds of those that came."""

    def __init__(self, below, subprotocol, frames):
        self._below, self._frames, self._bytes = below, frames, b""
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            request += below.read(1)
        lines = dict(line.split(": ", 1) for line in request.decode().split("\r\n")[1:] if line)
        proof = lines["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        proof = base64.b64encode(hashlib.sha1(proof.encode()).digest()).decode()
        chosen = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        below.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     f"Connection: Upgrade\r\nSec-WebSocket-Accept: {proof}\r\n{chosen}\r\n"
                     ).encode())

    def read(self, count):
        while len(self._bytes) < count:
            first, second = self._below.read(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(self._below.read(2 if size == 126 else 8), "big")
            mask = self._below.read(4)
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self._below.read(size)))
            self._frames.append(first & 0x0F)
            if first & 0x0F == CLOSE:
                self._below.write(bytes([0x80 | CLOSE, len(data)]) + data)
                raise EOFError
            self._bytes += data
        taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken

    def write(self, data):
        size = bytes([len(data)]) if len(data) < 126 else struct.pack(">BH", 126, len(data))
        self._below.write(bytes([0x80 | BINARY]) + size + data)


class ScriptedBroker:
    """`answers` are packets by the kind of what they answer, or functions that make one of the
    body of what came; None is silence. They may be changed while it runs. `after_suback` is sent
    behind each SUBACK. `packets` has (kind, flags, body) of all that came, `alpn` what each TLS
    connection agreed on."""

    def __init__(self, ssl_context=None, subprotocol=None):
        self.answers = {CONNECT: connack(), SUBSCRIBE: suback, PINGREQ: packet(PINGRESP, b"")}
        self.after_suback = b""
        self.packets, self.frames, self.alpn, self.connections = [], [], [], 0
        self._ssl_context, self._subprotocol = ssl_context, subprotocol
        self._websocket = subprotocol is not None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def came(self, kind):
        return [body for each, _, body in list(self.packets) if each == kind]

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        try:
            if self._ssl_context:
                connection = self._ssl_context.wrap_socket(connection, server_side=True)
                self.alpn.append(connection.selected_alpn_protocol())
            stream = _Socket(connection)
            if self._websocket:
                stream = _WebSocket(stream, self._subprotocol, self.frames)
            while self._answer(stream):
                pass
        except (EOFError, OSError):
            pass
        finally:
            connection.close()

    def _answer(self, stream):
        first, size, shift = stream.read(1)[0], 0, 0
        while True:
            byte = stream.read(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                break
        kind, body = first >> 4, stream.read(size)
        self.packets.append((kind, first & 0x0F, body))
        answer = self.answers.get(kind)
        if answer is not None:
            stream.write(answer(body) if callable(answer) else answer)
            if kind == SUBSCRIBE and self.after_suback:
                stream.write(self.after_suback)
        # As the standard has it, the server ends the connection after DISCONNECT; over a WebSocket
        # the client's close is waited for.
        return kind != DISCONNECT or self._websocket
