# SPDX-License-Identifier: Apache-2.0
"""load.py PORT COUNT RATE: one device gateway that publishes COUNT numbered readings of ten devices
at QoS 1, RATE a second, or as fast as the MQTT broker answers with RATE 0. It prints
{"began": S, "ended": S, "cpu": S}, by the monotonic clock of the machine.

It writes MQTT 3.1.1 to a socket by itself, packets made beforehand where no rate is given: what a
publisher costs here is not there for those that are measured.
"""

import json
import socket
import struct
import sys
import time
import uuid

DEVICES = 10
# In flight at most; mosquitto takes QoS 1 without a limit of its own.
WINDOW = 1_000
BATCH = 250
STEP_S = 0.002


def packet(number, sent_ns):
    topic = b"bench/d%d" % (number % DEVICES)
    payload = (b'{"timestamp":"2024-10-07 13:00:00.000000","device_name":"d%d","data":%d,'
               b'"sent_ns":%d}' % (number % DEVICES, number, sent_ns))
    length = 2 + len(topic) + 2 + len(payload)
    assert length < 0x80, "a longer length takes a second byte"
    return b"".join((b"\x32", bytes([length]), struct.pack(">H", len(topic)), topic,
                     struct.pack(">H", number % 65_535 + 1), payload))


class Link:
    """A connection that counts the broker's answers, which are of four bytes each."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        name = uuid.uuid4().hex.encode()
        self._socket.sendall(b"\x10" + bytes([12 + len(name)]) + b"\0\4MQTT\4\2\0\0"
                             + struct.pack(">H", len(name)) + name)
        answer = self._socket.recv(4, socket.MSG_WAITALL)
        assert answer == b"\x20\2\0\0", f"the MQTT broker refuses: {answer!r}"
        self._bytes = self.sent = 0

    @property
    def open(self):
        """How many are in flight."""
        return self.sent - self._bytes // 4

    def send(self, packets):
        self._socket.sendall(b"".join(packets))
        self.sent += len(packets)

    def hear(self, wait):
        """Takes the answers that are there, waiting for some if told to."""
        try:
            got = len(self._socket.recv(1 << 16, 0 if wait else socket.MSG_DONTWAIT))
            assert got, "the MQTT broker has ended the connection"
            self._bytes += got
        except BlockingIOError:
            pass

    def close(self):
        self._socket.sendall(b"\xe0\0")
        self._socket.close()


def at_full_rate(link, count):
    packets = [packet(number, 0) for number in range(count)]
    began, cpu = time.monotonic(), time.process_time()
    while link.sent < count:
        if link.open + BATCH <= WINDOW:
            link.send(packets[link.sent:link.sent + BATCH])
        else:
            link.hear(wait=True)
    return began, cpu


def at_rate(link, count, rate):
    began, cpu = time.monotonic(), time.process_time()
    while link.sent < count:
        now = time.monotonic()
        due = min(count, int((now - began) * rate), link.sent + WINDOW - link.open)
        if due > link.sent:
            stamp = time.monotonic_ns()
            link.send([packet(number, stamp) for number in range(link.sent, due)])
        link.hear(wait=False)
        time.sleep(STEP_S)
    return began, cpu


def main(port, count, rate):
    link = Link(port)
    began, cpu = at_rate(link, count, rate) if rate else at_full_rate(link, count)
    while link.open:
        link.hear(wait=True)
    report = {"began": began, "ended": time.monotonic(), "cpu": time.process_time() - cpu}
    link.close()
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
